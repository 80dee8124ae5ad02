package seed

// counted reports whether the number of rows is that of parents' children.
func (x *table) counted() bool {
	for _, f := range x.keys {
		if f.share != nil && f.share.High > 0 {
			return true
		}
	}
	return false
}

// families counts the children of each parent, where their number was chosen.
func (x *table) families() error {
	for _, f := range x.keys {
		if f.share == nil || f.share.High == 0 {
			continue
		}
		if f.how != "" {
			return &Error{Table: x.t, Constraint: f.k.Name, Reason: "the table is in a cycle of references: the children of each parent cannot be counted"}
		}
		if have := f.src.family; have == nil || have.parents != f.parent.rows {
			f.src.family = newFamilies(hashName(x.seed, "children by "+f.k.Name), f.parent.rows, f.share.Low, f.share.High)
		}
		x.rows = f.src.family.rows()
	}
	return nil
}

// spread lets a foreign key choose parents as its share says.
func (x *table) spread(f *foreign) {
	s := f.src
	switch {
	case f.share == nil || s.mode != drawn || s.size == 0:
	case f.share.High > 0:
		s.mode, s.fixed = spread, true
		if v := x.cols[f.cols[0]].value; v == nil || v.Null == nil {
			s.nulls = 0
		}
	case f.share.Curve == Zipf:
		order := &source{mode: counted, size: s.size, seed: s.seed}
		order.shuffle()
		s.pick = func(h, n uint64) uint64 {
			i, _ := order.at(zipf(h, n), 0)
			return i
		}
	}
}

// withinFamily lets a column beside a foreign key tell the children of one parent
// apart.
func (x *table) withinFamily(u unique, sources []*source) (done bool, err error) {
	var of *source
	for _, s := range sources {
		if s.mode == spread {
			of = s
		}
	}
	if of == nil {
		return false, nil
	}
	most := of.family.most()
	if most <= 1 {
		return true, nil
	}
	for _, s := range sources {
		if s.mode == within && s.family == of.family {
			return true, nil
		}
	}
	for _, s := range sources {
		if s.mode != drawn || s.self {
			continue
		}
		c := x.owner(s)
		if c >= 0 && x.cols[c].made == nil {
			values, err := x.cols[c].spec.set(most)
			if err != nil {
				return false, &Error{Table: x.t, Column: x.t.Columns[c].Name, Reason: err.Error()}
			}
			x.cols[c].set, s.size = values, values.size
		}
		if s.size < most {
			continue
		}
		s.mode, s.family, s.fixed, s.turn = within, of.family, true, c < 0
		return true, nil
	}
	if u.predicate != nil {
		return false, nil // a few rows of each parent may be in it: see elect
	}
	return false, &Error{Table: x.t, Constraint: u.name, Reason: "no column of it has values enough to tell the children of one parent apart"}
}
