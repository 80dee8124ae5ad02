package main

import (
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/store"
)

func TestRestoreOfOtherFormats(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, "create table a (i int); insert into a values (1)")
	s.write(restoreRules)
	for _, format := range []string{"tar", "plain"} {
		dest := t.TempDir()
		putFolder(t, t.TempDir(), dest, "x", store.Metadata{Format: format}, nil)
		if status, _, errOut := s.restore(dest); status != exitFailed || !strings.Contains(errOut, "snapshot x is of format "+format) {
			t.Errorf("%s: status %d: %s", format, status, errOut)
		}
	}
	dest := t.TempDir()
	stock(t, s.source, dest, "inserts", time.Now(), nil, "--inserts")
	if status, _, errOut := s.restore(dest); status != exitFailed || !strings.Contains(errOut, "public.a: its rows are not there as COPY writes them; restore the snapshot with pg_restore") {
		t.Errorf("inserts: status %d: %s", status, errOut)
	}
}
