//go:build !unix

package pgserver

import (
	"context"
	"errors"
)

var errSystem = errors.New("a throw-away server needs a Unix system: use an existing server")

type process struct{}

func watch(string) (*process, error)                                 { return nil, errSystem }
func (*process) run(context.Context, string, string, []string) error { return errSystem }
func (*process) persist() error                                      { return errSystem }
func (*process) pid() int                                            { return 0 }
func (*process) stop() error                                         { return nil }
func (*process) unwatch()                                            {}

func makeDir(string) (string, error)     { return "", errSystem }
func writeOwned(path, text string) error { return errSystem }

func output(context.Context, string, string, ...string) (string, error) { return "", errSystem }
