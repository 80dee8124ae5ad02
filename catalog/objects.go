package catalog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// Objects lists what conn's database has of all kinds that are in its schema,
// but for what belongs to PostgreSQL or to an extension, foreign servers, event
// triggers, publications and subscriptions. With an empty search_path two
// readings compare. Comments on the database and on extensions are not in it,
// nor owners and privileges.
func Objects(ctx context.Context, conn *pgconn.PgConn) ([]schema.Object, error) {
	return objects(ctx, conn, "objects")
}

// Environment lists what else results depend on: the server's version, the
// database's encoding and locale, settings as new sessions of this role get them,
// extensions with their versions, and the versions of collations that are in use.
func Environment(ctx context.Context, conn *pgconn.PgConn) ([]schema.Object, error) {
	return objects(ctx, conn, "environment")
}

func objects(ctx context.Context, conn *pgconn.PgConn, query string) ([]schema.Object, error) {
	r := &reader{ctx: ctx, conn: conn}
	var out []schema.Object
	err := r.each(query, func(x row) error {
		out = append(out, schema.Object{
			Kind: x.text(0), Name: x.text(1), Of: x.text(2), Definition: x.text(3), Shown: x.bool(4), Printed: x.bool(5), Valid: x.bool(6),
		})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("catalog: %s: %w", query, err)
	}
	return out, nil
}
