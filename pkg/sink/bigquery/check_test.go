package bigquery

import (
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/sink/bigquery/bigquerytest"
)

func TestCheckRefuses(t *testing.T) {
	good := string(newSink(t, nil).Render(testEvent()).Body)
	if err := bigquerytest.Check([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"a column that isn't there": {`"severity"`, `"severities"`},
		"no insertId":               {`"insertId":"`, `"insertId":"","x":"`},
		"a time without zone":       {`Z"`, `"`},
		"an object as JSON":         {`"payload":"{\"action\":\"opened\",\"n\":1}"`, `"payload":{"action":"opened"}`},
		"broken JSON":               {`\"n\":1}"`, `\"n\":1"`},
		"a number as text":          {`"value":87`, `"value":"x"`},
		"a number too long":         {`\"n\":1`, `\"n\":12345678901234567890123`},
		"a number too fine":         {`\"n\":1`, `\"n\":1.00000000000000000000000001`},
		"half a pair":               {`\"opened\"`, `\"\\ud83d\"`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Errorf("%s: %s is not there to be changed:\n%s", name, change[0], good)
		} else if bigquerytest.Check([]byte(bad)) == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestColumnsAreTheTables(t *testing.T) {
	fields, err := bigquerytest.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	if strings.Join(names, " ") != strings.Join(columns, " ") {
		t.Errorf("columns are %v, the schema has %v", columns, names)
	}
}
