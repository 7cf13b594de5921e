package api

import (
	"encoding/base64"
	"encoding/json"

	"mycloudmanager/internal/fault"
)

// nameToken is the page token of a list sorted by name: name and ID of the last entry of the previous page.
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

// afterName decodes a page token; "" is the start of the list.
func afterName(token string) (nameToken, error) {
	var t nameToken
	if token == "" {
		return t, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(b, &t) != nil || t.ID == "" {
		return t, fault.InvalidField("page_token", "invalid page token")
	}
	return t, nil
}

// before reports whether the token sorts before the given name and ID.
func (t nameToken) before(name, id string) bool {
	return t.Name < name || t.Name == name && t.ID < id
}
