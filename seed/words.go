package seed

import "strings"

// words splits a list; no two words of one are alike but for case, and none
// holds a byte that COPY or a composite value would escape.
func words(s string) []string { return strings.Fields(s) }

// phrases splits a list of phrases.
func phrases(s string) []string { return strings.Split(s, ",") }

const (
	firstNames = `Ada Alan Alice Amir Ana Anton Aisha Bela Ben Carla Chen Clara Daniel David Diego Elena Emil
		Emma Eva Farid Felix Fiona Frida Gita Grace Hana Hassan Hugo Ida Igor Ines Ivan Jack James Jana Jin
		Joao John Jonas Julia Kai Karin Kenji Lara Leila Leon Lina Louis Lucia Luis Maja Marco Maria Mark
		Mateo Maya Mia Mina Nadia Nina Noah Nora Olga Oliver Omar Paul Petra Priya Rafael Rita Robin Rosa
		Ruth Sam Samira Sara Sofia Sven Tara Thomas Tim Uma Vera Victor Wei Yara Yusuf Zoe`
	lastNames = `Abel Adams Ahmed Allen Almeida Bauer Becker Berg Bianchi Brown Campbell Carter Chandra Costa
		Davies Diaz Dubois Evans Fischer Fisher Garcia Gomez Green Gruber Haas Hansen Hill Hoffmann Ibrahim
		Ito Jackson Janssen Jensen Johnson Jones Kaya Keller Khan Kim Klein Kowalski Kumar Larsen Lee Lewis
		Lopez Martin Meyer Miller Moreau Moore Morris Murphy Nakamura Nguyen Nowak Okafor Olsen Patel Perez
		Peters Popov Quinn Reed Ricci Rossi Russo Sato Schmidt Schulz Silva Singh Smith Souza Suzuki Tanaka
		Taylor Thomas Torres Turner Varga Vogel Wagner Walker Weber White Wilson Wolf Wood Wright Yilmaz
		Young Zhang Zimmer`
	streetNames = `Acorn Alder Ash Bay Beech Birch Bridge Brook Castle Cedar Cherry Church Clover Elm Farm
		Field Forest Garden Grove Harbor Hazel Hill Juniper King Lake Laurel Lime Linden Maple Market Meadow
		Mill North Oak Olive Orchard Park Pearl Pine Pond Poplar Queen River Rose School South Spring Spruce
		Station Summer Sunset Valley Walnut Water West Willow Winter`
	streetKinds = `Street Avenue Road Lane Drive Way`
	cityNames   = `Ashford, Berlin, Bern, Bologna, Boston, Bristol, Brno, Cairo, Calgary, Chicago, Cork,
		Dakar, Denver, Dresden, Dublin, Edinburgh, Fairview, Galway, Geneva, Graz, Hamburg, Helsinki,
		Kyoto, Lagos, Leeds, Leiden, Lima, Lisbon, London, Lyon, Madrid, Malmo, Milan, Montreal, Mumbai,
		Nairobi, Nantes, Oslo, Ottawa, Oxford, Paris, Porto, Prague, Quito, Riga, Rome, Santiago, Seattle,
		Seoul, Seville, Sofia, Springfield, Sydney, Tampere, Toronto, Turin, Utrecht, Vienna, Warsaw, Zurich`
	stateNames = `Alabama, Alaska, Arizona, Bavaria, Brittany, California, Catalonia, Colorado, Florida,
		Georgia, Hesse, Illinois, Kansas, Kent, Maine, Michigan, Nevada, Ohio, Ontario, Oregon, Quebec,
		Saxony, Texas, Tuscany, Tyrol, Utah, Vermont, Virginia, Wales, Wyoming`
	stateCodes   = `AK AL AZ CA CO CT FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MT NC ND NE NH NJ NM NV NY OH OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY`
	countryNames = `Argentina, Australia, Austria, Belgium, Brazil, Canada, Chile, Denmark, Egypt, Finland,
		France, Germany, Ghana, India, Ireland, Italy, Japan, Kenya, Mexico, Morocco, Netherlands, Norway,
		Peru, Poland, Portugal, Spain, Sweden, Switzerland, Turkey, United Kingdom, United States, Vietnam`
	countryCodes = `AR AT AU BE BG BR CA CH CL CN CO CZ DE DK EE EG ES FI FR GB GH GR HR HU ID IE IL IN IS IT JP KE KR LT LU LV MA MX NG NL NO NZ PE PH PL PT RO RS SE SG SI SK TH TR UA US UY VN ZA`
	currencies   = `EUR USD GBP CHF JPY SEK NOK DKK PLN CZK CAD AUD NZD INR BRL MXN ZAR KRW SGD TRY`
	languages    = `de en es fr it ja ko nl pl pt sv tr zh`
	adjectives   = `amber ancient bold brave bright broad calm clear clever crisp curious deep eager early
		fair fast fine firm fresh gentle golden grand great green happy honest jolly keen kind large light
		lively lucky mellow merry mild modern neat noble open plain polite proud pure quick quiet rapid rare
		ready rich round royal sharp shiny silent silver simple smart smooth soft solid sound steady still
		strong subtle sunny sweet swift tidy tiny true vivid warm wide wild wise young`
	nouns = `anchor apple arrow basket beacon bench bottle branch bridge brush button cabin camera candle
		canvas canyon carpet castle chair circle clock cloud compass copper cotton curtain desk drum engine
		falcon feather fern fiddle flame flute forest fountain garden glass globe hammer harbor hat helmet
		island jacket kettle key kite ladder lamp lantern leaf lemon lens lily marble meadow mirror mountain
		needle notebook ocean orchid paddle paper pebble pencil piano pillow planet pocket pond puzzle
		quilt raven ribbon river rocket saddle sail scarf shelf shell shield spoon spring star statue stone
		table tent thread tiger tower trail tree tulip valley vase violin wagon wallet water wheel window`
	companyKinds = `Ltd Inc GmbH Group Partners Systems Labs Works Trading Foods Logistics Studio`
	jobNames     = `Accountant, Analyst, Architect, Buyer, Cashier, Consultant, Designer, Developer,
		Director, Doctor, Editor, Electrician, Engineer, Manager, Nurse, Planner, Programmer,
		Sales Manager, Sales Representative, Scientist, Secretary, Support Agent, Teacher, Technician, Writer`
	titles     = `Ms. Mr. Dr.`
	userAgents = `Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0|Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15|Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36`
	states     = `active pending completed cancelled archived`
	colors     = `red blue green yellow black white gray purple orange brown`
	carriers   = `DHL UPS FedEx DPD GLS`
)

func list(s string) []string {
	if strings.Contains(s, ",") {
		out := phrases(s)
		for i := range out {
			out[i] = strings.TrimSpace(out[i])
		}
		return out
	}
	return words(s)
}
