package api

import (
	"encoding/base64"
	"encoding/json"

	"mycloudmanager/internal/fault"
)

// nameToken is what the page token of a list that is sorted by name holds: the last one before.
type nameToken struct {
	Name string `json:"n"`
	ID   string `json:"i"`
}

func (t nameToken) String() string {
	b, err := json.Marshal(t)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// afterName reads a page token; "" begins the list.
func afterName(token string) (nameToken, error) {
	var t nameToken
	if token == "" {
		return t, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(b, &t) != nil || t.ID == "" {
		return t, fault.InvalidField("page_token", "not a token of this list")
	}
	return t, nil
}

// before reports whether the token comes before the one that is named.
func (t nameToken) before(name, id string) bool {
	return t.Name < name || t.Name == name && t.ID < id
}
