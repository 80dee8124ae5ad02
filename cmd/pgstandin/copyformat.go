package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// copyFormat is the value of --copy-format; "" for what suits each table.
type copyFormat string

const (
	textFormat   copyFormat = "text"
	binaryFormat copyFormat = "binary"
)

func (c *copyFormat) Set(s string) error {
	switch f := copyFormat(s); f {
	case "auto":
		*c = ""
	case textFormat, binaryFormat:
		*c = f
	default:
		return errors.New("write auto, text or binary")
	}
	return nil
}

func (c *copyFormat) String() string {
	if *c == "" {
		return "auto"
	}
	return string(*c)
}

// Type names the value in help.
func (c *copyFormat) Type() string { return "format" }

// rowFormat is how the rows of a table are copied.
type rowFormat struct {
	binary bool
	why    string // why not in binary
}

func (f rowFormat) String() string {
	if f.binary {
		return string(binaryFormat)
	}
	return string(textFormat)
}

// chooseFormats decides how the rows of each logical table go to a server of a
// major version, 0 while that is not known. The masks must have been compiled.
func (b *bound) chooseFormats(want copyFormat, target int) error {
	b.formats = map[*schema.Table]rowFormat{}
	ends := pipeline.Ends{Encoding: b.schema.Encoding, Source: b.schema.ServerVersion / 10000, Target: target}
	var refused []string
	for _, spec := range b.rules.Tables {
		why := pipeline.TextOnly(spec.Table, spec.Columns, ends)
		if p := b.programs[spec.Table]; why == "" && p != nil {
			why = p.TextOnly()
		}
		switch {
		case want == textFormat:
			why = "--copy-format text"
		case want == binaryFormat && why != "":
			refused = append(refused, fmt.Sprintf("%s: %s", spec.Table.Name, why))
		}
		b.formats[spec.Table] = rowFormat{why == "", why}
	}
	if len(refused) > 0 {
		return usageError(fmt.Errorf("--copy-format binary: these tables must go as text; write --copy-format auto\n%s", strings.Join(refused, "\n")))
	}
	return nil
}
