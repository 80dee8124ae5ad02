package seed

import (
	"strconv"
	"strings"
)

// placeTable is cities: name, state and its code, the form of postal codes (# a
// digit, @ a letter), country and its code, latitude and longitude.
const placeTable = `Denver|Colorado|CO|802##|United States|US|39.74|-104.99
Boston|Massachusetts|MA|021##|United States|US|42.36|-71.06
Chicago|Illinois|IL|606##|United States|US|41.88|-87.63
Seattle|Washington|WA|981##|United States|US|47.61|-122.33
Austin|Texas|TX|787##|United States|US|30.27|-97.74
Portland|Oregon|OR|972##|United States|US|45.52|-122.68
Atlanta|Georgia|GA|303##|United States|US|33.75|-84.39
Phoenix|Arizona|AZ|850##|United States|US|33.45|-112.07
Toronto|Ontario|ON|M5@ 2@#|Canada|CA|43.65|-79.38
Montreal|Quebec|QC|H2@ 1@#|Canada|CA|45.5|-73.57
Calgary|Alberta|AB|T2@ 3@#|Canada|CA|51.05|-114.07
London|England|ENG|SW1@ 2@@|United Kingdom|GB|51.51|-0.13
Leeds|England|ENG|LS1 4@@|United Kingdom|GB|53.8|-1.55
Edinburgh|Scotland|SCT|EH1 2@@|United Kingdom|GB|55.95|-3.19
Cardiff|Wales|WLS|CF10 1@@|United Kingdom|GB|51.48|-3.18
Dublin|Leinster|L|D02 @###|Ireland|IE|53.35|-6.26
Cork|Munster|M|T12 @###|Ireland|IE|51.9|-8.47
Paris|Ile-de-France|IDF|750##|France|FR|48.86|2.35
Lyon|Auvergne-Rhone-Alpes|ARA|690##|France|FR|45.76|4.84
Nantes|Pays de la Loire|PDL|440##|France|FR|47.22|-1.55
Berlin|Berlin|BE|101##|Germany|DE|52.52|13.4
Hamburg|Hamburg|HH|200##|Germany|DE|53.55|9.99
Dresden|Saxony|SN|010##|Germany|DE|51.05|13.74
Munich|Bavaria|BY|803##|Germany|DE|48.14|11.58
Vienna|Vienna|W|10#0|Austria|AT|48.21|16.37
Graz|Styria|ST|80#0|Austria|AT|47.07|15.44
Bern|Bern|BE|30##|Switzerland|CH|46.95|7.45
Geneva|Geneva|GE|12##|Switzerland|CH|46.2|6.14
Madrid|Madrid|MD|280##|Spain|ES|40.42|-3.7
Seville|Andalusia|AN|410##|Spain|ES|37.39|-5.98
Porto|Porto|13|4###-###|Portugal|PT|41.15|-8.61
Lisbon|Lisbon|11|1###-###|Portugal|PT|38.72|-9.14
Milan|Lombardy|LOM|201##|Italy|IT|45.46|9.19
Bologna|Emilia-Romagna|EMR|401##|Italy|IT|44.49|11.34
Turin|Piedmont|PIE|101##|Italy|IT|45.07|7.69
Utrecht|Utrecht|UT|35## @@|Netherlands|NL|52.09|5.12
Leiden|South Holland|ZH|23## @@|Netherlands|NL|52.16|4.49
Oslo|Oslo|03|0###|Norway|NO|59.91|10.75
Malmo|Skane|M|21# ##|Sweden|SE|55.6|13.0
Tampere|Pirkanmaa|PI|33###|Finland|FI|61.5|23.76
Warsaw|Mazovia|MZ|00-###|Poland|PL|52.23|21.01
Krakow|Lesser Poland|MA|30-###|Poland|PL|50.06|19.94
Sydney|New South Wales|NSW|20##|Australia|AU|-33.87|151.21
Melbourne|Victoria|VIC|30##|Australia|AU|-37.81|144.96
Kyoto|Kyoto|26|60#-08##|Japan|JP|35.01|135.77
Mumbai|Maharashtra|MH|4000##|India|IN|19.08|72.88
Nairobi|Nairobi|30|001##|Kenya|KE|-1.29|36.82
Santiago|Santiago|RM|83#0###|Chile|CL|-33.45|-70.67`

// placeList reads placeTable.
func placeList() []city {
	var out []city
	for line := range strings.Lines(placeTable) {
		f := strings.Split(strings.TrimSpace(line), "|")
		lat, err := strconv.ParseFloat(f[6], 64)
		lon, err2 := strconv.ParseFloat(f[7], 64)
		if err != nil || err2 != nil {
			continue
		}
		out = append(out, city{f[0], f[1], f[2], f[3], f[4], f[5], lat, lon})
	}
	return out
}

// countryTable is countries: name, code and currency.
const countryTable = `Argentina|AR|ARS,Australia|AU|AUD,Austria|AT|EUR,Belgium|BE|EUR,Brazil|BR|BRL,Bulgaria|BG|BGN,Canada|CA|CAD,Chile|CL|CLP,
China|CN|CNY,Colombia|CO|COP,Croatia|HR|EUR,Czechia|CZ|CZK,Denmark|DK|DKK,Egypt|EG|EGP,Estonia|EE|EUR,Finland|FI|EUR,France|FR|EUR,
Germany|DE|EUR,Ghana|GH|GHS,Greece|GR|EUR,Hungary|HU|HUF,Iceland|IS|ISK,India|IN|INR,Indonesia|ID|IDR,Ireland|IE|EUR,Israel|IL|ILS,
Italy|IT|EUR,Japan|JP|JPY,Kenya|KE|KES,Latvia|LV|EUR,Lithuania|LT|EUR,Luxembourg|LU|EUR,Malaysia|MY|MYR,Mexico|MX|MXN,Morocco|MA|MAD,
Netherlands|NL|EUR,New Zealand|NZ|NZD,Nigeria|NG|NGN,Norway|NO|NOK,Peru|PE|PEN,Philippines|PH|PHP,Poland|PL|PLN,Portugal|PT|EUR,
Romania|RO|RON,Singapore|SG|SGD,Slovakia|SK|EUR,Slovenia|SI|EUR,South Africa|ZA|ZAR,South Korea|KR|KRW,Spain|ES|EUR,Sweden|SE|SEK,
Switzerland|CH|CHF,Thailand|TH|THB,Turkey|TR|TRY,Ukraine|UA|UAH,United Kingdom|GB|GBP,United States|US|USD,Uruguay|UY|UYU,Vietnam|VN|VND`

// countries is those of countryTable.
func countries() subject {
	var all [][]string
	for line := range strings.SplitSeq(countryTable, ",") {
		all = append(all, strings.Split(strings.TrimSpace(line), "|"))
	}
	n := uint64(len(all))
	return subject{n: n, few: true, words: placeWords, roles: []string{"address.country", "currency"}, tells: []string{"address.country"},
		append: func(dst []byte, role string, i uint64, digits int) []byte {
			c := all[i%n]
			switch {
			case role == "currency":
				return append(dst, c[2]...)
			case digits > 0 && digits < 4:
				return append(dst, c[1]...)
			}
			return append(dst, c[0]...)
		}}
}

// things is whatever has a title, which slugs are made of. Those of firms are
// not: names of firms are masked, and would be found in them.
func things() subject {
	first, last := titled(adjectives).words, titled(nouns).words
	n := uint64(len(first)) * uint64(len(last))
	return subject{n: n, words: titleWords, roles: []string{"title", "slug"}, tells: []string{"slug"},
		append: func(dst []byte, role string, i uint64, _ int) []byte {
			at := len(dst)
			dst = append(dst, first[i%uint64(len(first))]...)
			dst = append(dst, ' ')
			dst = append(dst, last[i/uint64(len(first))%uint64(len(last))]...)
			if role != "slug" {
				return dst
			}
			if dst = dst[:at+filtered(dst[at:], "slug")]; i >= n {
				dst = printInt(append(dst, '-'), int64(i/n)+1)
			}
			return dst
		}}
}
