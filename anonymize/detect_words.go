package anonymize

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// hint is what the words before a number say of it.
type hint uint16

const (
	hintPhone hint = 1 << iota
	hintOther      // an order, an invoice, an article: not a person's number
	hintWeak       // as hintOther, unless the word before says more
	hintVersion
	hintHost
	hintCard
	hintUS
	hintCA
	hintNL
	hintSE
	hintBR
	hintIN
	hintTax
)

// hintWords returns words, in lower case, and what they say of a number that
// follows.
func hintWords() map[string]hint {
	out := map[string]hint{}
	for h, words := range map[hint]string{
		hintPhone: `phone phones tel tell telephone telephones mobile cell cellphone fax call calls called calling callback ring dial dialled dialed
			sms whatsapp signal viber hotline landline contact reach
			telefon telefonnummer telefonnr handy handynummer handynr mobil mobilnummer mobiltelefon festnetz festnetznummer rückruf rufnummer anrufen ruf rufen durchwahl anruf erreichbar
			tél téléphone telephone portable mobile fixe appeler appelez appelle joindre joignable
			teléfono telefono móvil movil celular llamar llame llámame llamame llámeme fijo
			cellulare telefonare chiamare chiami chiamami chiamate fisso
			telefonu telefoniczny komórka komórkowy kom zadzwoń dzwonić zadzwonić dzwoń
			ring mobilnr telefonnr mobiltelefon nås
			telefone telemóvel telemovel celular ligar ligue liga telef
			telefoon telefoonnummer mobiel gsm bel bellen belt gebeld
			тел телефон телефона телефону Тел Телефон звоните позвоните Звоните Позвоните моб
			هاتف الهاتف جوال اتصل`,
		hintOther: `order orders orderno ordernumber invoice ticket case ref reference sku build port pid tid txn transaction tracking parcel shipment isbn ean upc gtin
			serial part item items article product batch lot account page row line error issue issues bug bugs pull pr commit merge merged checksum hash timestamp epoch job task request session user userid uid gid zip total sum amount price quantity qty size width height length
			bestellung bestellnummer bestellnr rechnung rechnungsnummer rechnungsnr auftrag auftragsnummer kundennummer kundennr artikel artikelnummer artikelnr sendung sendungsnummer vorgang vorgangsnummer ticketnummer aktenzeichen betrag summe preis plz
			commande facture colis dossier référence suivi montant prix
			pedido factura envío envio paquete referencia importe precio
			ordine fattura spedizione pacco pratica importo prezzo
			zamówienie zamówienia zamówieniu faktura faktury przesyłka przesyłki paczka paczki kwota cena
			beställning ordernummer fakturanummer paket kolli belopp pris
			encomenda fatura fatur entrega valor preço
			bestelling bestelnummer factuur factuurnummer pakket zending bedrag prijs
			заказ заказа заказу Заказ счет счёт Счет накладная посылка цена сумма
			طلب الطلب رقم_الطلب فاتورة الفاتورة`,
		hintWeak:    `id ids key code`,
		hintTax:     `steuer steuerid steuernummer steueridnr idnr tax`,
		hintVersion: `v version versions ver release released firmware section chapter clause kapitel abschnitt versión versione versão wersja versie upgrade upgraded downgrade driver`,
		hintHost:    `ip ips ipv4 addr address host hosts server client remote peer gateway ping`,
		hintCard:    `card cards visa mastercard amex maestro diners discover pan karte kreditkarte kartennummer carte tarjeta carta karta kort kaart cartão`,
		hintUS:      `ssn ssns social security itin taxpayer tin`,
		hintCA:      `sin nas insurance`,
		hintNL:      `bsn burgerservicenummer sofi sofinummer`,
		hintSE:      `personnummer personnr pnr samordningsnummer`,
		hintBR:      `cpf`,
		hintIN:      `aadhaar aadhar uidai`,
	} {
		for _, w := range strings.Fields(words) {
			out[w] |= h
		}
	}
	return out
}

// hintReach is how many bytes before a number a word may end that says what it
// is, and how many before that end the other words are.
const hintReach = 48

// hint returns what the nearest of the few words before i that says anything of
// a number says.
func (s *scan) hint(i int) hint {
	v, at, least := s.v, i, max(0, i-hintReach)
	if i > 0 && v[i-1] == '#' {
		return hintOther
	}
	for at > least && !letter(v[at-1]) && v[at-1] != '\n' {
		if at == s.hintFrom {
			at = s.hintAt
			break
		}
		at--
	}
	s.hintFrom = i
	if at <= least || v[at-1] == '\n' {
		s.hintAt = -1
		return 0
	}
	if at != s.hintAt {
		s.hintAt, s.hinted = at, s.hintBefore(at)
	}
	return s.hinted
}

// hintBefore is hint for a word that ends at i.
func (s *scan) hintBefore(i int) hint {
	v, least := s.v, max(0, i-hintReach)
	var buf [32]byte
	weak := false
	for range 6 {
		end := i
		for i > 0 && letter(v[i-1]) {
			i--
		}
		if i == end || i < least {
			break
		}
		if end-i <= len(buf) {
			word := append(buf[:0], v[i:end]...)
			changeCase(word, false)
			switch h := s.d.words[string(word)]; {
			case h == hintWeak:
				weak = true
			case h != 0:
				return h
			case weak:
				return hintOther
			}
		}
		if v[end-1] >= 0xe3 || end-i > 2 && v[end-3] >= 0xe3 {
			if h := wideHint(v[i:end]); h != 0 {
				return h
			}
		}
		for i > least && !letter(v[i-1]) {
			if v[i-1] == '\n' {
				least = i
				break
			}
			i--
		}
	}
	if weak {
		return hintOther
	}
	return 0
}

func letter(ch byte) bool { return radix(ch) == 26 || ch >= utf8.RuneSelf }

// wideHint looks into text of a script without spaces; what comes last counts.
func wideHint(v []byte) hint {
	phone, other := -1, -1
	for _, w := range [...]string{"電話", "携帯", "手机", "电话", "전화", "휴대폰", "連絡先"} {
		phone = max(phone, bytes.LastIndex(v, []byte(w)))
	}
	for _, w := range [...]string{"注文", "番号", "订单", "주문", "請求"} {
		other = max(other, bytes.LastIndex(v, []byte(w)))
	}
	switch {
	case phone >= 0 && bytes.LastIndex(v, []byte("番号")) == other && other > phone && other-phone <= 6:
		return hintPhone // 電話番号
	case phone > other:
		return hintPhone
	case other >= 0:
		return hintOther
	}
	return 0
}
