package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// Create makes the new database beside the live one, from template0, with the
// source's encoding and locale, and tries, without keeping it, whether it may
// take over the live one's owner, privileges and settings. In place it makes the
// new schemas.
func (t *Target) Create(ctx context.Context, src *Source) error {
	if t.inplace != nil {
		if err := t.createShadows(ctx, src); err != nil {
			return fmt.Errorf("target: create schemas: %w", err)
		}
		return nil
	}
	return t.CreateLike(ctx, src.Info())
}

// errNoSource is for what a target in place cannot do.
var errNoSource = errors.New("target: in place, rows come from a source only")

// CreateLike is Create without a source: with the encoding and the locale of like.
// It is not for a target in place.
func (t *Target) CreateLike(ctx context.Context, like Info) error {
	if t.inplace != nil {
		return errNoSource
	}
	if err := t.create(ctx, like); err != nil {
		return fmt.Errorf("target: create %s: %w", schema.QuoteIdent(t.build), err)
	}
	return nil
}

func (t *Target) create(ctx context.Context, like Info) error {
	if !t.locked {
		return errors.New("the run has no lock yet")
	}
	t.source = like
	sql, err := createStatement(t.build, t.source, t.info.Major())
	if err != nil {
		return err
	}
	conn, err := t.administer(ctx)
	if err != nil {
		return err
	}
	// A statement that is cut off may have done its work.
	t.created = true
	if err := run(ctx, conn, sql); err != nil {
		if codeOf(err) != "" {
			t.created = false
		}
		return withMessage(err)
	}
	// Nobody but us has business in it before it is complete.
	if err := run(ctx, conn, "revoke connect, temporary on database "+schema.QuoteIdent(t.build)+" from public"); err != nil {
		return withMessage(err)
	}
	if err := t.lendConnect(ctx, conn); err != nil {
		return withMessage(err)
	}
	// Should we die: the next run drops what says so itself.
	if err := run(ctx, conn, "comment on database "+schema.QuoteIdent(t.build)+" is "+schema.QuoteLiteral(markRun+t.cfg.Run)); err != nil {
		return withMessage(err)
	}
	live, err := t.live(ctx)
	if err != nil || live == nil {
		return err
	}
	script, err := t.takeoverDatabase(ctx, live)
	if err != nil {
		return err
	}
	err = run(ctx, conn, "begin;\n"+script+"rollback")
	if err != nil && !conn.IsClosed() && conn.TxStatus() != 'I' {
		if err := run(ctx, conn, "rollback"); err != nil {
			return withMessage(err)
		}
	}
	if err != nil {
		return fmt.Errorf("take over from %s: %w", schema.QuoteIdent(t.name), withMessage(err))
	}
	return nil
}

// lendConnect gives the role that logs in the right to connect to the new database, for
// as long as it is built, if another role made it: by a setting of the first one, and
// without inheriting from the second.
func (t *Target) lendConnect(ctx context.Context, conn *pgconn.PgConn) error {
	rows, err := textsOf(ctx, conn, "select session_user where not pg_catalog.has_database_privilege(session_user, $1, 'connect')", t.build)
	if err != nil || len(rows) == 0 {
		return err
	}
	if err := run(ctx, conn, fmt.Sprintf("grant connect on database %s to %s", schema.QuoteIdent(t.build), schema.QuoteIdent(rows[0][0]))); err != nil {
		return err
	}
	t.lentTo = rows[0][0]
	return nil
}

// createStatement spells the database's creation on a server of that major
// version.
func createStatement(name string, src Info, major int) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "create database %s template template0 encoding %s lc_collate %s lc_ctype %s",
		schema.QuoteIdent(name), schema.QuoteLiteral(src.Encoding), schema.QuoteLiteral(src.Collate), schema.QuoteLiteral(src.Ctype))
	switch {
	case major < 15 && src.Provider != "libc":
		return "", fmt.Errorf("the source's locale provider is %s, which PostgreSQL %d does not have; use a target of the source's version", src.Provider, major)
	case src.Provider == "builtin" && major < 17:
		return "", fmt.Errorf("the source's locale provider is builtin, which PostgreSQL %d does not have; use a target of the source's version", major)
	case major >= 15:
		b.WriteString(" locale_provider " + src.Provider)
	}
	if src.Provider != "libc" {
		fmt.Fprintf(&b, " %s_locale %s", src.Provider, schema.QuoteLiteral(src.Locale))
	}
	if src.ICURules != "" {
		if major < 16 {
			return "", fmt.Errorf("the source has ICU rules, which PostgreSQL %d does not have; use a target of the source's version", major)
		}
		b.WriteString(" icu_rules " + schema.QuoteLiteral(src.ICURules))
	}
	return b.String(), nil
}
