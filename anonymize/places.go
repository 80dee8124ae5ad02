package anonymize

import "sync"

// country is how addresses of a country look.
type country struct {
	code, code3, name string
	// How street and number, and what follows them in one line, are written: n is
	// the number, s the street, z the zip code, c the city, a the state's short form.
	street, line string
	streets      []string // nil: a surname and a kind of street
	most         uint64   // the highest house number
	places       []place
}

// place is a city with what agrees with it. Facts of public knowledge.
type place struct {
	city, state, abbr string
	zip               string // # is any digit, @ any letter
	lat, lon          float64
}

// countries returns how addresses look, by locale.
var countries = sync.OnceValue(makeCountries)

func makeCountries() map[string]*country {
	return map[string]*country{
		"us": {code: "US", code3: "USA", name: "United States", street: "n s", line: ", c, a z", most: 9999, places: usPlaces()},
		"gb": {code: "GB", code3: "GBR", name: "United Kingdom", street: "n s", line: ", c z", most: 199,
			streets: []string{"High Street", "Station Road", "Church Lane", "Victoria Road", "Mill Lane", "Park Avenue", "Queens Road", "Kings Road", "New Street", "Manor Road", "Springfield Close", "The Crescent", "Orchard Way", "Albert Terrace", "Chapel Hill", "Grove Gardens"},
			places: []place{
				{"London", "England", "EN", "SE# #@@", 51.5, -0.09}, {"Birmingham", "England", "EN", "B# #@@", 52.49, -1.9}, {"Leeds", "England", "EN", "LS# #@@", 53.8, -1.55},
				{"Sheffield", "England", "EN", "S# #@@", 53.38, -1.47}, {"Manchester", "England", "EN", "M# #@@", 53.48, -2.24}, {"Liverpool", "England", "EN", "L# #@@", 53.41, -2.98},
				{"Bristol", "England", "EN", "BS# #@@", 51.45, -2.59}, {"Nottingham", "England", "EN", "NG# #@@", 52.95, -1.15}, {"Newcastle upon Tyne", "England", "EN", "NE# #@@", 54.98, -1.61},
				{"Norwich", "England", "EN", "NR# #@@", 52.63, 1.3}, {"Exeter", "England", "EN", "EX# #@@", 50.72, -3.53}, {"Oxford", "England", "EN", "OX# #@@", 51.75, -1.26},
				{"York", "England", "EN", "YO# #@@", 53.96, -1.08}, {"Edinburgh", "Scotland", "SC", "EH# #@@", 55.95, -3.19}, {"Glasgow", "Scotland", "SC", "G# #@@", 55.86, -4.25},
				{"Aberdeen", "Scotland", "SC", "AB# #@@", 57.15, -2.09}, {"Cardiff", "Wales", "WA", "CF# #@@", 51.48, -3.18}, {"Swansea", "Wales", "WA", "SA# #@@", 51.62, -3.94},
				{"Belfast", "Northern Ireland", "NI", "BT# #@@", 54.6, -5.93},
			}},
		"de": {code: "DE", code3: "DEU", name: "Germany", street: "s n", line: ", z c", most: 199,
			streets: []string{"Hauptstr.", "Bahnhofstr.", "Gartenweg", "Schulstr.", "Dorfplatz", "Bergstr.", "Lindenallee", "Birkenweg", "Kirchgasse", "Goethestr.", "Schillerstr.", "Ringstr.", "Am Markt", "Waldweg", "Rosenweg", "Amselweg"},
			places: []place{
				{"Berlin", "Berlin", "BE", "10###", 52.52, 13.4}, {"Hamburg", "Hamburg", "HH", "20###", 53.55, 9.99}, {"Muenchen", "Bayern", "BY", "80###", 48.14, 11.58},
				{"Koeln", "Nordrhein-Westfalen", "NW", "50###", 50.94, 6.96}, {"Frankfurt am Main", "Hessen", "HE", "60###", 50.11, 8.68}, {"Stuttgart", "Baden-Wuerttemberg", "BW", "70###", 48.78, 9.18},
				{"Duesseldorf", "Nordrhein-Westfalen", "NW", "40###", 51.23, 6.77}, {"Leipzig", "Sachsen", "SN", "041##", 51.34, 12.37}, {"Dresden", "Sachsen", "SN", "010##", 51.05, 13.74},
				{"Hannover", "Niedersachsen", "NI", "301##", 52.37, 9.73}, {"Nuernberg", "Bayern", "BY", "904##", 49.45, 11.08}, {"Bremen", "Bremen", "HB", "281##", 53.08, 8.8},
				{"Magdeburg", "Sachsen-Anhalt", "ST", "391##", 52.13, 11.63}, {"Erfurt", "Thueringen", "TH", "990##", 50.98, 11.03}, {"Kiel", "Schleswig-Holstein", "SH", "241##", 54.32, 10.13},
				{"Mainz", "Rheinland-Pfalz", "RP", "551##", 50.0, 8.27}, {"Saarbruecken", "Saarland", "SL", "661##", 49.23, 7.0}, {"Potsdam", "Brandenburg", "BB", "144##", 52.4, 13.06},
				{"Rostock", "Mecklenburg-Vorpommern", "MV", "180##", 54.09, 12.14},
			}},
		"fr": {code: "FR", code3: "FRA", name: "France", street: "n s", line: ", z c", most: 150,
			streets: []string{"rue de la Paix", "rue Victor Hugo", "avenue de la Gare", "place de l'Eglise", "rue du Moulin", "rue des Ecoles", "boulevard Voltaire", "chemin des Vignes", "rue Pasteur", "rue des Lilas", "allee des Tilleuls", "rue du Marche", "impasse du Puits", "quai de la Republique"},
			places: []place{
				{"Paris", "Ile-de-France", "IF", "750##", 48.86, 2.35}, {"Marseille", "Provence-Alpes-Cote d'Azur", "PA", "130##", 43.3, 5.37}, {"Lyon", "Auvergne-Rhone-Alpes", "AR", "690##", 45.76, 4.84},
				{"Toulouse", "Occitanie", "OC", "31###", 43.6, 1.44}, {"Nice", "Provence-Alpes-Cote d'Azur", "PA", "06###", 43.7, 7.27}, {"Nantes", "Pays de la Loire", "PL", "44###", 47.22, -1.55},
				{"Strasbourg", "Grand Est", "GE", "67###", 48.57, 7.75}, {"Montpellier", "Occitanie", "OC", "34###", 43.61, 3.88}, {"Bordeaux", "Nouvelle-Aquitaine", "NA", "33###", 44.84, -0.58},
				{"Lille", "Hauts-de-France", "HF", "59###", 50.63, 3.06}, {"Rennes", "Bretagne", "BR", "35###", 48.11, -1.68}, {"Rouen", "Normandie", "NO", "76###", 49.44, 1.1},
				{"Dijon", "Bourgogne-Franche-Comte", "BF", "21###", 47.32, 5.04}, {"Tours", "Centre-Val de Loire", "CV", "37###", 47.39, 0.69},
			}},
		"es": {code: "ES", code3: "ESP", name: "Spain", street: "s n", line: ", z c", most: 150,
			streets: []string{"Calle Mayor", "Calle Real", "Avenida de la Constitucion", "Plaza de Espana", "Calle del Sol", "Calle San Juan", "Calle Nueva", "Paseo del Prado", "Calle de la Iglesia", "Calle Cervantes", "Avenida del Mar", "Calle de las Flores", "Ronda Norte"},
			places: []place{
				{"Madrid", "Madrid", "MD", "280##", 40.42, -3.7}, {"Barcelona", "Cataluna", "CT", "080##", 41.39, 2.17}, {"Valencia", "Comunidad Valenciana", "VC", "460##", 39.47, -0.38},
				{"Sevilla", "Andalucia", "AN", "410##", 37.39, -5.98}, {"Zaragoza", "Aragon", "AR", "500##", 41.65, -0.88}, {"Malaga", "Andalucia", "AN", "290##", 36.72, -4.42},
				{"Murcia", "Murcia", "MC", "300##", 37.99, -1.13}, {"Palma", "Islas Baleares", "IB", "070##", 39.57, 2.65}, {"Bilbao", "Pais Vasco", "PV", "480##", 43.26, -2.93},
				{"Valladolid", "Castilla y Leon", "CL", "470##", 41.65, -4.72}, {"Vigo", "Galicia", "GA", "362##", 42.23, -8.72}, {"Gijon", "Asturias", "AS", "332##", 43.53, -5.66},
				{"Santander", "Cantabria", "CB", "390##", 43.46, -3.81}, {"Pamplona", "Navarra", "NC", "310##", 42.81, -1.65}, {"Toledo", "Castilla-La Mancha", "CM", "450##", 39.86, -4.02},
			}},
		"it": {code: "IT", code3: "ITA", name: "Italy", street: "s n", line: ", z c a", most: 150,
			streets: []string{"Via Roma", "Via Garibaldi", "Via Mazzini", "Corso Italia", "Piazza della Repubblica", "Via Dante", "Via Verdi", "Via Marconi", "Via dei Mille", "Viale Europa", "Via San Marco", "Via delle Rose", "Largo Augusto", "Vicolo Stretto"},
			places: []place{
				{"Roma", "Lazio", "RM", "001##", 41.9, 12.5}, {"Milano", "Lombardia", "MI", "201##", 45.46, 9.19}, {"Napoli", "Campania", "NA", "801##", 40.85, 14.27},
				{"Torino", "Piemonte", "TO", "101##", 45.07, 7.69}, {"Palermo", "Sicilia", "PA", "901##", 38.12, 13.36}, {"Genova", "Liguria", "GE", "161##", 44.41, 8.93},
				{"Bologna", "Emilia-Romagna", "BO", "401##", 44.49, 11.34}, {"Firenze", "Toscana", "FI", "501##", 43.77, 11.26}, {"Bari", "Puglia", "BA", "701##", 41.12, 16.87},
				{"Venezia", "Veneto", "VE", "301##", 45.44, 12.33}, {"Trieste", "Friuli-Venezia Giulia", "TS", "341##", 45.65, 13.77}, {"Perugia", "Umbria", "PG", "061##", 43.11, 12.39},
				{"Ancona", "Marche", "AN", "601##", 43.62, 13.52}, {"Cagliari", "Sardegna", "CA", "091##", 39.22, 9.12},
			}},
		"nl": {code: "NL", code3: "NLD", name: "Netherlands", street: "s n", line: ", z c", most: 250,
			streets: []string{"Dorpsstraat", "Kerkstraat", "Molenweg", "Schoolstraat", "Stationsweg", "Julianalaan", "Wilhelminastraat", "Nieuwstraat", "Beatrixlaan", "Markt", "Parallelweg", "Industrieweg", "Beukenlaan", "Vijverlaan"},
			places: []place{
				{"Amsterdam", "Noord-Holland", "NH", "10## @@", 52.37, 4.9}, {"Rotterdam", "Zuid-Holland", "ZH", "30## @@", 51.92, 4.48}, {"Den Haag", "Zuid-Holland", "ZH", "25## @@", 52.08, 4.31},
				{"Utrecht", "Utrecht", "UT", "35## @@", 52.09, 5.12}, {"Eindhoven", "Noord-Brabant", "NB", "56## @@", 51.44, 5.48}, {"Groningen", "Groningen", "GR", "97## @@", 53.22, 6.57},
				{"Almere", "Flevoland", "FL", "13## @@", 52.37, 5.22}, {"Nijmegen", "Gelderland", "GE", "65## @@", 51.84, 5.86}, {"Enschede", "Overijssel", "OV", "75## @@", 52.22, 6.89},
				{"Leeuwarden", "Friesland", "FR", "89## @@", 53.2, 5.79}, {"Assen", "Drenthe", "DR", "94## @@", 52.99, 6.56}, {"Maastricht", "Limburg", "LI", "62## @@", 50.85, 5.69},
				{"Middelburg", "Zeeland", "ZE", "43## @@", 51.5, 3.61},
			}},
		"pl": {code: "PL", code3: "POL", name: "Poland", street: "s n", line: ", z c", most: 150,
			streets: []string{"ul. Polna", "ul. Lesna", "ul. Sloneczna", "ul. Krotka", "ul. Szkolna", "ul. Ogrodowa", "ul. Lipowa", "ul. Brzozowa", "ul. Kwiatowa", "ul. Koscielna", "ul. Mickiewicza", "al. Niepodleglosci", "ul. Zielona", "ul. Spacerowa"},
			places: []place{
				{"Warszawa", "mazowieckie", "MZ", "0#-###", 52.23, 21.01}, {"Krakow", "malopolskie", "MA", "30-###", 50.06, 19.94}, {"Lodz", "lodzkie", "LD", "90-###", 51.76, 19.46},
				{"Wroclaw", "dolnoslaskie", "DS", "50-###", 51.11, 17.04}, {"Poznan", "wielkopolskie", "WP", "60-###", 52.41, 16.93}, {"Gdansk", "pomorskie", "PM", "80-###", 54.35, 18.65},
				{"Szczecin", "zachodniopomorskie", "ZP", "70-###", 53.43, 14.55}, {"Bydgoszcz", "kujawsko-pomorskie", "KP", "85-###", 53.12, 18.01}, {"Lublin", "lubelskie", "LU", "20-###", 51.25, 22.57},
				{"Katowice", "slaskie", "SL", "40-###", 50.26, 19.02}, {"Bialystok", "podlaskie", "PD", "15-###", 53.13, 23.16}, {"Kielce", "swietokrzyskie", "SK", "25-###", 50.87, 20.63},
				{"Rzeszow", "podkarpackie", "PK", "35-###", 50.04, 22.0}, {"Olsztyn", "warminsko-mazurskie", "WN", "10-###", 53.78, 20.49}, {"Opole", "opolskie", "OP", "45-###", 50.67, 17.93},
			}},
		"se": {code: "SE", code3: "SWE", name: "Sweden", street: "s n", line: ", z c", most: 120,
			streets: []string{"Storgatan", "Kungsgatan", "Drottninggatan", "Skolgatan", "Kyrkogatan", "Parkvagen", "Bjorkvagen", "Ringvagen", "Skogsvagen", "Strandvagen", "Industrigatan", "Nygatan", "Hamngatan", "Angsvagen"},
			places: []place{
				{"Stockholm", "Stockholms lan", "AB", "11# ##", 59.33, 18.07}, {"Goteborg", "Vastra Gotalands lan", "VG", "41# ##", 57.71, 11.97}, {"Malmo", "Skane lan", "SK", "21# ##", 55.6, 13.0},
				{"Uppsala", "Uppsala lan", "UP", "75# ##", 59.86, 17.64}, {"Vasteras", "Vastmanlands lan", "VA", "72# ##", 59.61, 16.55}, {"Orebro", "Orebro lan", "OR", "70# ##", 59.27, 15.21},
				{"Linkoping", "Ostergotlands lan", "OS", "58# ##", 58.41, 15.62}, {"Helsingborg", "Skane lan", "SK", "25# ##", 56.05, 12.69}, {"Jonkoping", "Jonkopings lan", "JO", "55# ##", 57.78, 14.16},
				{"Umea", "Vasterbottens lan", "VB", "90# ##", 63.83, 20.26}, {"Gavle", "Gavleborgs lan", "GA", "80# ##", 60.67, 17.14}, {"Karlstad", "Varmlands lan", "VR", "65# ##", 59.38, 13.5},
				{"Lulea", "Norrbottens lan", "NB", "97# ##", 65.58, 22.15}, {"Kalmar", "Kalmar lan", "KA", "39# ##", 56.66, 16.36},
			}},
		"br": {code: "BR", code3: "BRA", name: "Brazil", street: "s, n", line: ", c - a, z", most: 2500,
			streets: []string{"Rua das Flores", "Rua Sao Jose", "Avenida Brasil", "Rua Quinze de Novembro", "Rua Sete de Setembro", "Avenida Paulista", "Rua da Paz", "Rua Tiradentes", "Rua Santos Dumont", "Travessa do Comercio", "Alameda dos Anjos", "Rua Bela Vista"},
			places: []place{
				{"Sao Paulo", "Sao Paulo", "SP", "01###-###", -23.55, -46.63}, {"Rio de Janeiro", "Rio de Janeiro", "RJ", "20###-###", -22.91, -43.2}, {"Brasilia", "Distrito Federal", "DF", "70###-###", -15.79, -47.88},
				{"Salvador", "Bahia", "BA", "40###-###", -12.97, -38.5}, {"Fortaleza", "Ceara", "CE", "60###-###", -3.73, -38.53}, {"Belo Horizonte", "Minas Gerais", "MG", "30###-###", -19.92, -43.94},
				{"Manaus", "Amazonas", "AM", "69###-###", -3.12, -60.02}, {"Curitiba", "Parana", "PR", "80###-###", -25.43, -49.27}, {"Recife", "Pernambuco", "PE", "50###-###", -8.05, -34.9},
				{"Porto Alegre", "Rio Grande do Sul", "RS", "90###-###", -30.03, -51.23}, {"Belem", "Para", "PA", "66###-###", -1.46, -48.49}, {"Goiania", "Goias", "GO", "74###-###", -16.69, -49.26},
				{"Florianopolis", "Santa Catarina", "SC", "88###-###", -27.6, -48.55}, {"Vitoria", "Espirito Santo", "ES", "29###-###", -20.32, -40.34}, {"Natal", "Rio Grande do Norte", "RN", "59###-###", -5.79, -35.21},
			}},
	}
}

func usPlaces() []place {
	return []place{
		{"New York", "New York", "NY", "100##", 40.71, -74.01}, {"Los Angeles", "California", "CA", "900##", 34.05, -118.24}, {"Chicago", "Illinois", "IL", "606##", 41.88, -87.63},
		{"Houston", "Texas", "TX", "770##", 29.76, -95.37}, {"Phoenix", "Arizona", "AZ", "850##", 33.45, -112.07}, {"Philadelphia", "Pennsylvania", "PA", "191##", 39.95, -75.17},
		{"San Antonio", "Texas", "TX", "782##", 29.42, -98.49}, {"San Diego", "California", "CA", "921##", 32.72, -117.16}, {"Dallas", "Texas", "TX", "752##", 32.78, -96.8},
		{"Austin", "Texas", "TX", "787##", 30.27, -97.74}, {"Jacksonville", "Florida", "FL", "322##", 30.33, -81.66}, {"Columbus", "Ohio", "OH", "432##", 39.96, -83.0},
		{"Indianapolis", "Indiana", "IN", "462##", 39.77, -86.16}, {"Charlotte", "North Carolina", "NC", "282##", 35.23, -80.84}, {"San Francisco", "California", "CA", "941##", 37.77, -122.42},
		{"Seattle", "Washington", "WA", "981##", 47.61, -122.33}, {"Denver", "Colorado", "CO", "802##", 39.74, -104.99}, {"Nashville", "Tennessee", "TN", "372##", 36.16, -86.78},
		{"Oklahoma City", "Oklahoma", "OK", "731##", 35.47, -97.52}, {"Boston", "Massachusetts", "MA", "021##", 42.36, -71.06}, {"El Paso", "Texas", "TX", "799##", 31.76, -106.49},
		{"Portland", "Oregon", "OR", "972##", 45.52, -122.68}, {"Las Vegas", "Nevada", "NV", "891##", 36.17, -115.14}, {"Memphis", "Tennessee", "TN", "381##", 35.15, -90.05},
		{"Detroit", "Michigan", "MI", "482##", 42.33, -83.05}, {"Baltimore", "Maryland", "MD", "212##", 39.29, -76.61}, {"Milwaukee", "Wisconsin", "WI", "532##", 43.04, -87.91},
		{"Albuquerque", "New Mexico", "NM", "871##", 35.08, -106.65}, {"Tucson", "Arizona", "AZ", "857##", 32.22, -110.97}, {"Fresno", "California", "CA", "937##", 36.74, -119.79},
		{"Sacramento", "California", "CA", "958##", 38.58, -121.49}, {"Atlanta", "Georgia", "GA", "303##", 33.75, -84.39}, {"Kansas City", "Missouri", "MO", "641##", 39.1, -94.58},
		{"Omaha", "Nebraska", "NE", "681##", 41.26, -95.93}, {"Raleigh", "North Carolina", "NC", "276##", 35.78, -78.64}, {"Miami", "Florida", "FL", "331##", 25.76, -80.19},
		{"Minneapolis", "Minnesota", "MN", "554##", 44.98, -93.27}, {"Tulsa", "Oklahoma", "OK", "741##", 36.15, -95.99}, {"New Orleans", "Louisiana", "LA", "701##", 29.95, -90.07},
		{"Cleveland", "Ohio", "OH", "441##", 41.5, -81.69}, {"Tampa", "Florida", "FL", "336##", 27.95, -82.46}, {"Honolulu", "Hawaii", "HI", "968##", 21.31, -157.86},
		{"Anchorage", "Alaska", "AK", "995##", 61.22, -149.9}, {"Boise", "Idaho", "ID", "837##", 43.62, -116.2}, {"Des Moines", "Iowa", "IA", "503##", 41.59, -93.62},
		{"Salt Lake City", "Utah", "UT", "841##", 40.76, -111.89}, {"Birmingham", "Alabama", "AL", "352##", 33.52, -86.8}, {"Little Rock", "Arkansas", "AR", "722##", 34.75, -92.29},
		{"Hartford", "Connecticut", "CT", "061##", 41.77, -72.67}, {"Providence", "Rhode Island", "RI", "029##", 41.82, -71.41},
	}
}
