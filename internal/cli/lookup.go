package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"mycloudmanager/internal/instance"
)

// pages reads all pages of a list.
func pages[T any](ctx context.Context, c *client, path string, query url.Values) ([]T, error) {
	all := []T{}
	query.Set("page_size", "500")
	for {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next_page_token"`
		}
		if err := c.do(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all, nil
		}
		query.Set("page_token", page.Next)
	}
}

// pick returns the object with the ID text or, when exactly one has it, the name text. identify returns an object's ID and
// name.
func pick[T any](kind string, all []T, text string, identify func(T) (id, name string)) (T, error) {
	var none T
	var named []T
	var ids []string
	for _, object := range all {
		id, name := identify(object)
		switch text {
		case id:
			return object, nil
		case name:
			named, ids = append(named, object), append(ids, id)
		}
	}
	switch len(named) {
	case 0:
		return none, fmt.Errorf("%s %q not found", kind, text)
	case 1:
		return named[0], nil
	}
	return none, fmt.Errorf("%d %ss are named %q: use an ID: %s", len(named), kind, text, strings.Join(ids, ", "))
}

// find returns the instance with this ID or name.
func (c *client) find(ctx context.Context, name string) (instance.Instance, error) {
	all, err := pages[instance.Instance](ctx, c, "/instances", url.Values{})
	if err != nil {
		return instance.Instance{}, err
	}
	return pick("instance", all, name, identifyInstance)
}

func identifyInstance(i instance.Instance) (id, name string) { return i.ID, i.Name }

// plan returns the backup plan with this ID or name.
func (c *client) plan(ctx context.Context, name string) (plan, error) {
	all, err := pages[plan](ctx, c, "/backup-plans", url.Values{})
	if err != nil {
		return plan{}, err
	}
	return pick("backup plan", all, name, identifyPlan)
}

func identifyPlan(p plan) (id, name string) { return p.ID, p.Name }
