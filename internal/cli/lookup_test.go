package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/sdk"
)

func TestPick(t *testing.T) {
	all := []sdk.Instance{{ID: "1", Name: "web"}, {ID: "2", Name: "db"}, {ID: "3", Name: "web"}}
	for name, c := range map[string]struct{ text, id, fails string }{
		"name":           {text: "db", id: "2"},
		"ID":             {text: "3", id: "3"},
		"ambiguous name": {text: "web", fails: `2 instances are named "web": use an ID: 1, 3`},
		"unknown":        {text: "mail", fails: `instance "mail" not found`},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := pick("instance", all, c.text, identifyInstance)
			if c.fails != "" {
				require.EqualError(t, err, c.fails)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.id, found.ID)
		})
	}
}
