package subset

import (
	"context"
	"fmt"

	"github.com/pgstandin/pgstandin/schema"
)

// Leaf returns the selection of a table that holds rows, nil for others.
func (s *Selection) Leaf(t *schema.Table) *LeafSelection { return s.byTable[t] }

// Sequential returns a Runner that runs one step after another on src.
func Sequential(src Source) Runner {
	return func(ctx context.Context, steps []Step) error {
		for _, s := range steps {
			if err := s.Run(ctx, src); err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
		}
		return nil
	}
}
