package sqltest

import "math/rand/v2"

// permutations are the rows in every order.
func permutations(rows []row) [][]row {
	if len(rows) < 2 {
		return [][]row{rows}
	}
	var out [][]row
	for i, r := range rows {
		rest := append(append([]row{}, rows[:i]...), rows[i+1:]...)
		for _, p := range permutations(rest) {
			out = append(out, append([]row{r}, p...))
		}
	}
	return out
}

func shuffle(rows []row) {
	rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] }) //nolint:gosec // for tests
}
