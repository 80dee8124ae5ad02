package discover

// sureWords are words that mean their class in nearly every table. Languages:
// English, German, French, Spanish, Italian, Portuguese, Polish, Dutch, Swedish,
// Danish, Norwegian, Finnish, Czech, Turkish, Hungarian, Romanian.
func sureWords() map[class]string {
	return map[class]string{
		email: `email emails emailaddress emailaddr emailadr emailadresse emailadress emailadres emailadresa mailaddress mailadresse mailadress mailaddr
			epost epostadress epostadresse eposta courriel adressemail adresseemail adressecourriel correo correoelectronico direccioncorreo direccionemail
			emailcliente postaelettronica indirizzoemail enderecoemail correioeletronico adresemail adrespocztyelektronicznej sahkoposti sahkopostiosoite
			toaddress toaddresses fromaddress ccaddress ccaddresses bccaddress bccaddresses replyto mailto emailfrom emailto recipientaddress senderaddress
			senderemail fromemail toemail ccemail useremail emailid eml emailcim paypalemail`,
		phone: `phone phones phonenumber phonenumbers phoneno phonenr telephone telephones telephonenumber tel telno telnr telnum telefon telefono telefone telefoon telephon
			telefonnummer telefonnr telefoonnummer numerotelefono numerotelephone numtel numerodetelephone telefonszam telefonkomorkowy telefonkomorka
			mobilephone mobilenumber mobileno mobilenr mobiltelefon mobilnummer mobilnr mobielnummer mobilfunk handy handynummer handynr telefonomovil telmovil movil celular numerocelular
			cellulare cell cellphone cellno cellnumber telefax fax faxnumber faxno faxnr faxnum gsm gsmno msisdn puhelin puhelinnumero komorka rufnummer tlf tlfnr telefonni
			callernumber calleenumber callerid dialednumber homephone workphone officephone dayphone eveningphone phonehome phonework phoneoffice phonemobile ceptelefonu
			whatsapp whatsappnumber telefonprivat contactnumber contactno phonenum phn phnum smsnumber phoneextension`,
		firstName: `firstname fname givenname forename christianname vorname vornamen rufname prenom prenoms primernombre segundonombre nombres nombrepila
			primonome primeironome imie imiona voornaam voornamen roepnaam fornamn fornavn etunimi middlename midname mname secondname otchestvo jmeno prenume
			keresztnev nomebattesimo tilltalsnamn kutsumanimi firstnm`,
		lastName: `lastname lname surname familyname familienname nachname zuname maidenname birthname geburtsname apellido apellidos primerapellido segundoapellido
			apellidopaterno apellidomaterno cognome cognomi sobrenome sobrenomes nazwisko achternaam tussenvoegsel tussenvoegsels efternamn efternavn etternavn sukunimi nomfamille
			nomdefamille nomusage nomnaissance nomjeunefille prijmeni vezeteknev soyad soyadi secondlastname lastnm surnames meisjesnaam`,
		fullName: `fullname realname personname personalname nomcomplet nombrecompleto nomecompleto vollername vollstandigername nomeecognome cognomenome nomprenom
			imienazwisko imieinazwisko cardholder cardholdername accountholder accountholdername holdername nameoncard ccowner kontoinhaber nextofkin
			emergencycontact contactname recipientname beneficiaryname signedby signatory ansprechpartner interlocutor volledigenaam fullstandigtnamn kokonimi
			spousename spousecompletename mothername fathername parentname guardianname nomemae nomepai echeckaccountname
			 attn attention attentionto completename personfullname`,
		userName: `username usernames userlogin loginname loginid benutzername benutzerkennung nickname nicknames nick screenname nicename nomutilisateur nombreusuario nomeutente
			nomeusuario gebruikersnaam anvandarnamn brukernavn kayttajatunnus uzivatelskejmeno nazwauzytkownika samaccountname userprincipalname whodunnit
			pseudonym spitzname skype skypeid skypename twitter twitterhandle twitterid github githubusername githublogin instagram linkedin facebook icq jabber xmpp
			slackid slackusername discordid telegramid telegramusername discordusername usrid usrname userid2 login usernm usernamelower`,
		street: `street streets streetaddress streetname streetnumber streetno streetline addressline addressline1 addressline2 addressline3 address1 address2 address3 addr1 addr2 addr3
			housenumber housenr houseno strasse strassenname hausnummer hausnr strassenr rue numerorue voie calle numerocalle viale ulica nrdomu nrmieszkania numerdomu
			straat straatnaam huisnummer huisnr gatuadress gata gateadresse katuosoite lahiosoite rua logradouro bairro complemento street1 street2 adressezusatz domicilio
			complementadresse adresse1 adresse2 adresseligne1 mailingstreet billingstreet shippingstreet apartment apartmentnumber aptno aptnumber flatnumber pobox postfach poboxnumber
			doornumber cadde sokak utca ulice cislopopisne unitnumber colonia`,
		address: `postaladdress postadress postadresse lieferadresse rechnungsadresse anschrift wohnanschrift homeaddress workaddress mailingaddress shippingaddress billingaddress
			deliveryaddress fulladdress residentialaddress residence adressecomplete adressefacturation adresselivraison adressepostale direccioncompleta direccionenvio direccionfacturacion
			indirizzocompleto enderecocompleto formattedaddress physicaladdress permanentaddress currentaddress legaladdress registeredaddress addressfull addresstext fulladdr
			adreszamieszkania adreskorespondencyjny adreszameldowania woonadres postadres bezorgadres factuuradres`,
		city: `city cities town township cityname ville ciudad localidad cidade citta miasto miejscowosc woonplaats plaats wohnort stadt ortsname postort kaupunki mesto obec
			birthplace placeofbirth birthcity cityofbirth geburtsort lieunaissance lieudenaissance lugarnacimiento luogonascita luogodinascita miejsceurodzenia geboorteplaats
			mailingcity billingcity shippingcity homecity postaltown hometown commune municipio suburb sehir varos localite kommune`,
		state: `statecode stateprovince provincestate stateorprovince province provincia provincie bundesland departement voivodeship wojewodztwo mailingstate billingstate shippingstate
			homestate county countyname  estadofederal estadouf fylke judet megye statename`,
		zip: `zip zipcode zipcd postalcode postcode postcd postleitzahl plz codepostal codigopostal cep kodpocztowy postnummer postnr postinumero psc irsz postakodu zip4 zippostal
			codicepostale codicepostalecap pincode eircode postzip mailingzip billingzip shippingzip`,
		birth: `birthdate dateofbirth birthday dob bday birth birthdt dobirth bornon born geburtsdatum gebdatum gebdat gebtag geburtstag datenaissance datedenaissance fechanacimiento
			fechadenacimiento fechanac datanascita datadinascita datanascimento datadenascimento dataurodzenia geboortedatum fodelsedatum fodselsdato fodselsdag fodelsedag syntymaaika
			datumnarozeni dogumtarihi szuletesidatum datanasterii dateofdeath deathdate deceasedat deceasedon diedon deathday datumumrti sterbedatum todesdatum datedeces dtbirth birthts
			spousebirthdate spousebirthday overlijdensdatum doddatum dateofbirthday deathdt dod`,
		birthYear: `birthyear yearofbirth geburtsjahr anneenaissance anonacimiento annonascita rokurodzenia geboortejaar fodelsear birthmonth monthofbirth yob`,
		age:       `age ageyears ageinyears alter alterjahre edad idade wiek leeftijd alder patientage agegroup agerange`,
		gender:    `gender sex sexe sexo sesso geschlecht plec geslacht kon sukupuoli kjonn genero gendercode sexcode pohlavi cinsiyet genderidentity pronouns pronoun customergender civilstatusgender`,
		national: `ssn ssnnum ssnnumber ssnid socialsecuritynumber socialsecurity socialsecurityno socsecnum sinid sinnumber socialinsurancenumber nino nationalinsurancenumber nationalinsuranceno
			nationalid nationalidnumber nationalidno nationalidentifier nationalnumber identitynumber idcardnumber personnummer personnr fodselsnummer cprnummer cprnr cpr henkilotunnus hetu bsn burgerservicenummer
			pesel rodnecislo dni nif nifnumber dninie codicefiscale codfisc cpf cpfnumero numcpf aadhaar aadhar aadhaarnumber pannumber curp rfccurp steuerid steueridnr steueridentifikationsnummer
			idnr numerosecuritesociale numsecu nirnumber securitesociale numeross insee rijksregisternummer ahvnummer ahvnr oib cnp egn jmbg tckimlik tckimlikno kennitala citizenid nric`,
		tax: `vat vatid vatno vatnr vatnumber vatregistrationnumber taxvat taxid taxnumber taxno taxidentificationnumber taxpayerid taxregistrationnumber ustid ustidnr umsatzsteuerid umsatzsteueridentifikationsnummer steuernummer numerotva tvaintra
			tvaintracommunautaire partitaiva piva cif nip nipnumer regon siret siren cnpj cnpjnumero btwnummer btwnr orgnr organisationsnummer organizationnumber momsnr cvr cvrnr kvknummer kvk abn abnnumber acn gstin gstnumber
			 ogrn ytunnus companynumber companyregistrationnumber handelsregisternummer rfc ruc cuit `,
		docNumber: `passport passportnumber passportno passportid passportnr reisepass reisepassnummer numeropasseport numeropasaporte numeropassaporto paszport numerpaszportu paspoort paspoortnummer
			driverlicense driverslicense driverslicence driverlicence driverlicensenumber drivinglicence drivinglicense drivinglicenseno drivinglicenceno drivinglicensenumber drivinglicencenumber licensenumber licenceno licencenumber licenseno
			fuhrerschein fuhrerscheinnummer permisconduire rijbewijsnummer identificationid identificationnumber iddocument iddocnumber documentnumber rgnumero
			visano visanumber permitno permitnumber residencepermit personalausweis ausweisnummer ausweisnr dowodosobisty nrdowodu
			mrn medicalrecordnumber patientnumber patientno npi npinumber nhsnumber nhsno medicarenumber medicaidnumber medicaidid healthcardnumber insurancenumber
			insurancepolicynumber policynumber insuranceid insurancenr versichertennummer versicherungsnummer sozialversicherungsnummer svnr svnummer rentenversicherungsnummer krankenversicherungsnummer
			employeenumber employeeno employeenr employeecode personalnummer personalnr matricule matrikelnummer studentnumber studentno matriculationnumber badgenumber membershipnumber memberno membernumber loyaltynumber frequentflyernumber
			customernumber customerno kundennummer kundennr kundnr numeroclient numclient numerocliente clientnumber
			licenseplate licenceplate platenumber platenr registrationplate kennzeichen kfzkennzeichen immatriculation matricula targa numberplate vin vinnumber chassisnumber vehicleidentificationnumber
			imei imeinumber imsi iccid udid idfa gaid advertisingid androidid devicefingerprint browserfingerprint fingerprint serialnumber serialno
			trackingnumber trackingcode trackingno voterid voternumber arrestnumber inmatenumber studentcode barcodeid`,
		card: `cardnumber cardno cardnum cardnr creditcard creditcardnumber creditcardno creditcardnum ccnumber ccnum ccno ccnumberenc debitcard debitcardnumber kartennummer kreditkarte kreditkartennummer
			numerocarte numerotarjeta numerocarta numerocartao kartenr numerkarty panenc primaryaccountnumber`,
		last4: `last4 cardlast4 cclast4 last4digits lastfour lastfourdigits cardlastfour ssnlast4 letzte4`,
		cvv:   `cvv cvv2 cvc cvc2 cvn cardcvv cardcvc securitycode cardsecuritycode cardpin pruefziffer`,
		iban:  `iban ibannumber ibannr accountiban bankiban`,
		bic:   `bic bicswift swift swiftcode swiftbic biccode`,
		account: `accountnumber accountno accountnr acctno acctnum acctnumber bankaccount bankaccountnumber bankaccountno bankacctno kontonummer kontonr rekeningnummer rekeningnr numerocompte numerocuenta numeroconto
			numeroconta numerkonta kontonumer tilinumero routingnumber routingno abarouting aba echeckroutingnumber sortcode banksortcode bankleitzahl blz banknumber bsb rib clabe walletaddress bitcoinaddress btcaddress ethaddress
			cryptoaddress paypalaccount paypalid stripecustomerid customeraccountnumber stripeaccountid braintreecustomerid payeraccount`,
		secret: `token tokens accesstoken refreshtoken authtoken apitoken apikey apikeys apisecret secret secrets secretkey clientsecret privatekey sshkey publickey sshpublickey pubkey pgpkey gpgkey gpgfingerprint otpsecret otpsecretkey totpsecret mfasecret twofactorsecret
			otpbackupcodes backupcodes recoverycodes recoverycode resettoken resetpasswordtoken confirmationtoken unlocktoken invitationtoken remembertoken remembertoken rptoken csrftoken sessiontoken sessionid sessionkey sessiondata
			activationkey activationcode useractivationkey verificationcode verificationtoken confirmationcode subscriberconfirmcode confirmcode magiclink otp otpcode totp onetimepassword salt encryptedvalue encryptedvaluesalt encryptedvalueiv
			encryptionkey signingkey signaturekey webhooksecret tokendigest tokenhash keyhash secrethash keydigest authenticationtoken feedtoken incomingemailtoken dsn sentrydsn connectionstring databaseurl staticobjecttoken runnerstoken devicetoken pushtoken fcmtoken apnstoken
			registrationid gcmtoken jwt bearer oauthtoken oauthsecret consumersecret consumerkey protectcode replykey cookie cookies persistencetoken singleaccesstoken perishabletoken passphrase credentials credential invitetoken
			signuptoken logintoken carttoken checkouttoken visitortoken mnemonic privkey transactionid lasttransid cardfingerprint cardtoken paymenttoken pin pincodehash deviceuuid sharetoken sharetoken schluessel p256dh keyp256dh keyauth`,
		password: `password passwords passwd pwd pword passwordhash passwordhashed passworddigest hashedpassword encryptedpassword cryptedpassword passwordcrypt passhash pwdhash userpass userpassword loginpassword postpassword kennwort passwort
			motdepasse mdp contrasena contrasenia parola haslo wachtwoord losenord passord adgangskode salasana senha sifre jelszo heslo passwordsalt passwordresethash initialpassword temppassword oldpassword previouspassword lastpassword wachtwoordhash newpassword newpasswd newpass tmppassword`,
		ipAddress: `ip ips ipaddress ipaddr ipadr ipv4 ipv6 ipv4address ipv6address remoteip remoteaddr remoteaddress clientip userip lastip signupip registrationip loginip currentsigninip lastsigninip createdip sourceip srcip dstip ipadresse adresseip
			direccionip indirizzoip enderecoip forwardedfor xforwardedfor browserip remotehost remoteipaddress hostip ipadres inetaddr clientaddr`,
		macAddr: `mac macaddress macaddr macadresse macadr hwaddr hwaddress hardwareaddress ethernetaddress adressemac bssid wifimac bluetoothaddress bluetoothmac`,
		web: `homepage homepageurl website websiteurl personalurl personalwebsite weburl websiteaddress blogurl profileurl avatarurl avatarremoteurl photourl pictureurl profilepictureurl profilepicture profileimageurl linkedinurl facebookurl twitterurl githuburl instagramurl
			receipturl callbackurl webhookurl inboxurl outboxurl importurl recordingurl referrer referer referrerurl refererurl referralurl httpreferer httpreferrer siteweb paginaweb sitoweb stronawww webseite webbsida actoruri actorurl requesturl fullurl`,
		agent:   `useragent useragentstring httpuseragent browseragent commentagent clientagent browserstring uastring`,
		geo:     `latitude longitude lat lng lon latlng latlon latlong geolocation geopoint geocoordinates coordinates coords gpslat gpslng gpslatitude gpslongitude gpscoordinates gps partnerlatitude partnerlongitude breitengrad laengengrad langengrad latitud longitud latitudine longitudine homelat homelng geoloc`,
		company: `companyname nameofcompany companylegalname raisonsociale razonsocial ragionesociale razaosocial firma firmenname firmanavn foretagsnamn bedrijfsnaam nazwafirmy employer employername arbeitgeber organizationname organisationname orgname businessname legalname tradingname partnername yritys`,
		job:     `jobtitle jobname jobposition jobdescription contacttitle occupation profession beruf berufsbezeichnung stellenbezeichnung metier profesion professione profissao zawod stanowisko beroep functietitel yrke stilling ammatti persontitle stellung`,
		pay: `salary salaries basesalary annualsalary monthlysalary wage wages hourlywage payrate grosspay netpay grosssalary netsalary bonus bonuspay commissionpct gehalt lohn bruttogehalt nettogehalt bruttolohn stundenlohn salaire remuneration salario sueldo nomina stipendio wynagrodzenie pensja placa salaris lonn palkka
			income annualincome householdincome einkommen ingresos compensation networth creditscore creditrating payscale fizetes maas`,
		measure: `heightcm heightin weightkg weightlb bodyheight bodyweight bmi bodymassindex bloodpressure heartrate cholesterol glucose performancerating appraisalscore gradepointaverage iqscore kmhomework numberofchildren nbchildren childrencount dependents numdependents dependants korpergroesse koerpergewicht`,
		special: `maritalstatus marital civilstatus familienstand situationfamiliale situationmatrimoniale estadocivil statocivile stancywilny burgerlijkestaat sivilstatus civilstand bloodtype bloodgroup blutgruppe groupesanguin gruposanguineo
			ethnicity ethnic ethnicgroup ethnicorigin religion religious religiousaffiliation konfession religione religiao wyznanie geloof disability disabilities disabilitystatus handicap behinderung schwerbehinderung discapacidad
			diagnosis diagnoses diagnose diagnosiscode diagnostic diagnostico diagnosi diagnoza icd icd10 icd10code icd9code icdcode chiefcomplaint symptoms symptom treatment treatmentplan allergies allergy allergien allergie alergias medicalhistory medicalconditions medicalcondition healthstatus healthcondition
			sexualorientation politicalopinion politicalaffiliation politicalparty tradeunion unionmembership criminalrecord convictions criminalhistory resultvalue labresult testresult prognosis vaccination vaccinationstatus hivstatus pregnancy anamnese befund allergydescription causeofdeath deathcause`,
		prose: `bio biography aboutme biografie biographie biografia remark remarks bemerkung bemerkungen anmerkung anmerkungen commentaire commentaires observation observations observaciones comentario comentarios osservazioni uwagi komentarz opmerking opmerkingen anteckning anteckningar merknad merknader bemaerkninger huomautus poznamka poznamky
			usernote customernote customernotes customernotice internalnote internalnotes clinicalnotes deliveryinstructions shippinginstructions deliverynote specialinstructions transcript coverletter biotext userbio notiz notizen emailsignature messagebody emailbody mailbody bodyhtml bodytext commenttext commentcontent commentbody reviewtext feedback complaint testimonial chattext
			objectchanges statusmessage statustext spoilertext aboutus curriculum customermessage giftmessage giftnote cancellationreason reasontext`,
	}
}

// maybeWords mean their class where the table or its other columns say so.
func maybeWords() map[class]string {
	return map[class]string{
		password: `pass`,
		card:     `pan`,
		street:   `via`,
		tax:      `tin ein inn nit rut`,
		national: `sin nie`,
		email:    `mail mails recipients sender to from cc bcc mailing mel`,
		phone:    `mobile mobil mobiel portable gsmnr caller callee extension durchwahl`,
		fullName: `name names nom nombre nome nazwa naam namn navn nimi nev ad isim jmeno contact owner author creator invitee inviter manager supervisor holder beneficiary person recipient guest passenger spouse partner mother father parent assistant referred referredby attendee participant patient doctor physician nurse teacher student driver initials suffixname nm representative salesperson salesrep agent buyer seller referrer salesman reportedby handledby respondent witness applicant candidate kontakt inhaber titulaire titular composer performer singer writer translator illustrator narrator displayname initiator originator inviter submitter registrar informant payer payee claimant`,
		userName: `user login handle alias account createdby updatedby modifiedby changedby deletedby approvedby assignedto assignee reviewer editor uploadedby insertedby lastmodifiedby lastupdatedby submittedby enteredby operator usr utilisateur usuario benutzer pseudo apelido utente gebruiker bearbeiter sachbearbeiter erstelltvon geandertvon`,
		address:  `address addr adresse adres adress direccion domicile indirizzo endereco osoite location wohnsitz adresa adr cim venue place whereabouts`,
		city:     `ort cty plats by sted localita miejsce poblacion capital`,
		state:    `uf state region estado st regione kanton canton district zustand area prov`,
		zip:      `cap postal cp psc`,
		birth:    `naissance nacimiento nascita nascimento urodzenia`,
		age:      `years eta`,
		special:  `health medical race nationality medication condition conditions outcome race`,
		secret:   `key code hash digest fingerprint checksum authorization cert uid iv seed nonce`,
		docNumber: `number reference serial policy license licence barcode badge hostname computername machinename npi cardid
			registration certificate rg plate identifier`,
		web:     `url uri link href site blog webpage avatar photo portrait foto web`,
		company: `company organization organisation societe empresa azienda bedrijf foretag customer client supplier vendor employer school university institution hospital insurer firm business merchant entreprise`,
		job:     `job position function role funktion functie poste puesto cargo posizione designation`,
		pay:     `rate earnings pay`,
		measure: `height weight children rating score kids grosse gewicht gpa iq`,
		prose:   `text body content message msg note notes comment comments description desc details detail reason subject title headline summary excerpt abstract memo story question answer answers feedback review reply response caption post topic about motto beschreibung nachricht betreff inhalt titel notas nota mensaje mensagem messaggio descripcion descrizione descricao opis tresc wiadomosc bericht beskrivning meddelande input query term search searchterm keywords diff prompt raw error signature payload value object data args arguments params parameters handler instructions information json xml requests`,
	}
}

// fileNouns are what bytes of and by people are called.
const fileNouns = `photo picture image avatar scan document attachment file content data signature datas dbdatas blob body portrait foto bild thumbnail`

const personNouns = `user customer client patient employee author owner manager member subscriber applicant candidate tenant landlord donor player actor artist director staff person individual human
	student teacher parent mother father spouse child doctor physician nurse driver passenger guest recipient sender caller callee beneficiary assistant supervisor signer creator editor reviewer approver assignee reporter requester committer
	participant attendee lead contact profile buyer holder voter citizen resident visitor worker contractor freelancer instructor professor speaker volunteer friend follower relative guardian sibling partner recruit prospect crew personnel hr worker
	operator registrant consumer shopper courier rider coach athlete lawyer attorney judge defendant plaintiff witness suspect inmate officer pupil learner trainee intern colleague admin administrator moderator salesperson accountuser usermeta userprofile
	kunde kunden benutzer nutzer mitarbeiter angestellte patienten person personen arzt aerzte schuler lehrer mitglied mitglieder teilnehmer kontakt kontakte ansprechpartner bewerber fahrer gast gaste mieter
	utilisateur utilisateurs employe employes salarie salaries personne personnes medecin eleve membre membres adherent abonne
	cliente clientes usuario usuarios empleado empleados paciente pacientes persona personas alumno alumnos socio socios medico contacto contactos
	utente utenti dipendente dipendenti clienti paziente pazienti persone socio contatto contatti
	funcionario funcionarios pessoa pessoas aluno alunos
	klient klienci uzytkownik uzytkownicy pracownik pracownicy pacjent pacjenci osoba osoby
	gebruiker gebruikers klant klanten medewerker medewerkers persoon personen patienten leden lid
	kund kunder anvandare medlem medlemmar anstalld anstallda personer elev elever
	bruker brukere ansatt ansatte medarbejder medarbejdere kunde kunder
	asiakas asiakkaat kayttaja kayttajat henkilo henkilot potilas potilaat tyontekija tyontekijat
	zakaznik zakaznici uzivatel uzivatele osoba musteri musteriler kullanici kullanicilar calisan ugyfel ugyfelek felhasznalo`

const orgNouns = `company companie organization organisation supplier vendor account team workspace firm agency merchant employer corporation enterprise institution business namespace school university clinic hospital practice insurer
	firmen unternehmen lieferant lieferanten firma entreprise entreprises fournisseur fournisseurs societe societes empresa empresas proveedor proveedores azienda aziende fornitore fornitori fornecedor fornecedores firmy dostawca dostawcy
	bedrijf bedrijven leverancier leveranciers foretag leverantor leverantorer yritys yritykset distributor wholesaler reseller franchise`

const thingNouns = `seat scope product item category categorie tag role permission group setting config configuration option country currency language locale plan feature badge status statuse type kind class file folder directory asset attachment upload blob brand manufacturer model version migration schema page menu template theme plugin
	job queue task build pipeline stage branch repository repo project campaign coupon discount promotion price pricing tax rate carrier warehouse stock inventory variant attribute unit color colour size test exam ward room department departement course subject genre film movie album track song playlist media mediatype book
	cities citie city state region province district territory area zone timezone continent store shop term link widget catalog sku part material recipe ingredient dish food flight airport airline hotel vehicle car machine sensor metric counter flag rule policy workflow step board  label milestone sprint release package
	dependency event calendar slot schedule holiday shift season period fiscal gl industry sector skill level grade channel platform os browser network server host port cluster node container image photo icon banner slide block section   metadata meta  database index  contenttype variation collection bundle medication drug procedure service disease
	host domain app application software module component resource blob filename dataset report dashboard chart query filter action trigger function parameter param property characteristic specification dimension game league match tournament competition stadium planet species animal plant
	produkt produkte artikel ware waren kategorie kategorien lager filiale einstellung einstellungen land lander abteilung abteilungen
	produit produits categorie categories pays parametre parametres
	producto productos articulo articulos categoria categorias pais paises almacen
	prodotto prodotti articolo articoli paesi magazzino produto produtos
	produkt produkty towar towary kategoria kraj kraje magazyn
	producten artikelen landen instelling instellingen produkter varor vara varer tuote tuotteet
	`

const messageNouns = `statuses submission assignment comment message post topic note ticket issue review feedback reply replie thread conversation chat email mail mailing sms notification question answer survey response memo letter complaint report invitation opportunity request
	appointment encounter consultation prescription toot tweet statuse incident inquiry enquiry leave diagnosis diagnose opinion discussion merge suggestion story entry journal diary blog article search
	nachricht nachrichten kommentar kommentare anfrage anfragen commentaire commentaires mensaje mensajes comentario messaggio messaggi commento mensagem wiadomosc komentarz bericht berichten meddelande meldinger avis`

const aboutWords = `hostname id ids count counts counter cnt qty quantity verified confirmed enabled disabled valid validated invalid type types kind version versions at on template templates format formats policy required requirement length len size flag flags sent bounced
	optin optout opt frequency preference preferences prefs settings setting seen expires expire expiry expiration exp level position index idx rank order sort regex regexp pattern encoding charset method provider category group domain check exists present changed updated created
	since until visible visibility model file path paths template options option status statuses state code codes mode scope scopes currency unit units language lang locale region country timezone tz color colour icon image width height weight limit limits quota population total
	count sum avg average min max percent percentage ratio rate rates score scores algorithm days hours minutes seconds months years month year day date time timestamp ts interval period duration delay timeout attempts retries retry failures failed sequence seq
	prefix suffix separator delimiter placeholder hint help tooltip label labels field fields column table class classes listid queue job task worker process system server host port protocol ssl tls enum iso iso2 iso3 alpha2 alpha3 calls views visits clicks opens
	notifications notification notify subscription subscriptions subscribed unsubscribe unsubscribed marketing campaign campaigns newsletter alert alerts reminder reminders consent agreed accepted   shared synced imported exported processed deliverable deliverability mx
	grace lifetime ttl used usage typ cd dt ind yn fg amt bal tier quality grade confidence accuracy precision source src origin fk pk relationship relation anzahl cantidad quantite parts`

// programWords end names of what only programs use.
const programWords = `hashtag filename sha ref branch font sort jid size slug file line environment stage architecture platform revision emoji context cron adapter driver engine visibility handle action operation event module component command
	controller endpoint route namespace locale format layout theme style css class selector layer channel queue topic bucket region zone partition shard node cluster pod container image build release commit tag repository remote
	algorithm cipher checksum etag hash mimetype extension encoding lineno filename directory folder uri_scheme verb resource permission privilege feature experiment segment variant tier sku unit barcode ean upc isbn asin gtin`
