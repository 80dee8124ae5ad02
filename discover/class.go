package discover

// class is what a value is about a person.
type class string

// The classes, in the words that evidence uses.
const (
	none      class = ""
	email     class = "e-mail address"
	phone     class = "telephone number"
	fullName  class = "person's name"
	firstName class = "first name"
	lastName  class = "last name"
	userName  class = "user name"
	street    class = "street"
	address   class = "postal address"
	city      class = "city"
	state     class = "state or province"
	zip       class = "postal code"
	birth     class = "date of birth or death"
	birthYear class = "year of birth"
	age       class = "age"
	gender    class = "gender"
	national  class = "national id"
	tax       class = "tax number"
	docNumber class = "number that stands for one person or thing"
	card      class = "card number"
	last4     class = "last digits of a card"
	cvv       class = "card's check number"
	iban      class = "IBAN"
	bic       class = "bank code"
	account   class = "bank account"
	secret    class = "secret or token"
	password  class = "password"
	ipAddress class = "IP address"
	macAddr   class = "hardware address"
	web       class = "web address"
	agent     class = "browser's description"
	geo       class = "coordinates"
	company   class = "company's name"
	job       class = "job title"
	pay       class = "pay"
	measure   class = "measure of a person"
	special   class = "health, belief, origin or family"
	prose     class = "free text"
	binary    class = "file"
)

// textual are the classes that only a text can hold; a number or date of that
// name is something else.
func (c class) textual() bool {
	switch c {
	case birth, birthYear, age, gender, national, tax, docNumber, card, last4, cvv, account, geo, pay, measure, phone, zip:
		return false
	}
	return true
}
