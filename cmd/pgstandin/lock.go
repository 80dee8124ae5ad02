package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/pgstandin/pgstandin/internal/lockfile"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

// readLock reads the lock file of a rules file; nil if there is none.
func readLock(rulesFile string) (*lockfile.File, error) {
	name := lockfile.Name(rulesFile)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, usageError(fmt.Errorf("lock: %w", err))
	}
	f, err := lockfile.Parse(name, string(text))
	if err != nil {
		return nil, usageError(err)
	}
	return f, nil
}

// writeLock writes the lock file of a rules file.
func writeLock(rulesFile string, ledger []rules.Decision, s *schema.Schema) error {
	if err := replaceFile(lockfile.Name(rulesFile), []byte(lockfile.Of(ledger, s).String())); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	return nil
}

// drift compares a ledger with the lock file. Without one nothing is compared.
func (j *job) drift(ledger []rules.Decision, s *schema.Schema) error {
	if j.noLock {
		return nil
	}
	locked, err := readLock(j.file.Name)
	if locked == nil {
		return err
	}
	return withStatus(exitUndecided, locked.Drift(lockfile.Name(j.file.Name), lockfile.Of(ledger, s), s))
}
