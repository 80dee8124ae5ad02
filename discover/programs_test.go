package discover

import "testing"

// Names of credentials and of places for anything, as public programs have them, and
// beside each one that only looks like it.
func TestNamesOfPrograms(t *testing.T) {
	got := look(t, schemaOf(
		table("ir_mail_server", "id integer*", "name text", "smtp_host text", "smtp_pass varchar(60)", "db_pwd text", "pass_count integer"),
		table("flights", "id integer*", "boarding_pass varchar(20)", "first_pass text"),
		table("data_source", "id integer*", "ssl_key text", "ssl_ca text", "sort_key text", "tls_client_key text", "cache_key text"),
		table("personal_access_tokens", "name varchar(256)", "value varchar(64)*"),
		table("user_attribute", "id bigint*", "name varchar(255)", "value varchar(255)", "long_value text"),
		table("product_attributes", "id bigint*", "name varchar(255)", "value varchar(255)"),
		table("file_info", "id bigint*", "content text", "mime_type text"),
		table("identity_credential_identifiers", "id bigint*", "identifier varchar(255)"),
		table("verification_statuses", "id bigint*", "verified_identifier varchar(255)"),
		table("articles", "id bigint*", "identifier varchar(255)"),
		table("identity_login_codes", "id bigint*", "code varchar(64)"),
		table("country_codes", "id bigint*", "code varchar(64)"),
		table("invites", "id bigint*", "code varchar(64)", "email text"),
		table("user_associated_accounts", "id bigint*", "provider_name text", "provider_uid text"),
		table("socialaccount_socialaccount", "id bigint*", "provider text", "uid varchar(191)"),
		table("web_push_subscriptions", "id bigint*", "endpoint text", "key_p256dh text", "key_auth text"),
		table("organization_invitations", "id bigint*", "invitee varchar(256)", "inviter_id text"),
		table("organization_scopes", "id bigint*", "name varchar(256)!", "description text"),
		table("identity_verifiable_addresses", "id bigint*", "via varchar(16)", "value varchar(400)"),
	), nil)
	for name, want := range map[string]string{
		"ir_mail_server.name": "keep", "ir_mail_server.smtp_pass": "password", "ir_mail_server.db_pwd": "password", "ir_mail_server.pass_count": "keep",
		"flights.boarding_pass": "keep", "flights.first_pass": "keep",
		"data_source.ssl_key": "token", "data_source.tls_client_key": "token", "data_source.sort_key": "keep", "data_source.cache_key": "keep",
		"personal_access_tokens.value": "token", "personal_access_tokens.name": "keep",
		"user_attribute.name": "keep", "user_attribute.value": "scrub", "user_attribute.long_value": "scrub", "product_attributes.value": "keep",
		"file_info.content": "scrub", "file_info.mime_type": "keep",
		"identity_credential_identifiers.identifier": "token", "verification_statuses.verified_identifier": "token", "articles.identifier": "keep",
		"identity_login_codes.code": "token", "country_codes.code": "keep", "invites.code": "token",
		"user_associated_accounts.provider_uid": "token", "user_associated_accounts.provider_name": "keep", "socialaccount_socialaccount.uid": "token",
		"web_push_subscriptions.key_auth": "token", "web_push_subscriptions.key_p256dh": "token",
		"organization_invitations.invitee": "person.name", "organization_scopes.name": "keep", "organization_scopes.description": "keep",
		"identity_verifiable_addresses.value": "scrub", "identity_verifiable_addresses.via": "keep",
	} {
		if f := got[name]; f.Mask.Kind != want {
			t.Errorf("%s: %s, not %s (%s)", name, f.Mask.Kind, want, f.Evidence)
		}
	}
}
