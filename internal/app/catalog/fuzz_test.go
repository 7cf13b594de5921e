package catalog

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"mycloudmanager/deploy"
)

// FuzzLoad loads an app with an arbitrary app.yaml and settings schema: apps may come from other organisations.
func FuzzLoad(f *testing.F) {
	read := func(name string) string {
		raw, err := fs.ReadFile(deploy.Files, "apps/ntp/"+name)
		if err != nil {
			f.Fatal(err)
		}
		return string(raw)
	}
	f.Add(read("app.yaml"), read("chart/values.schema.json"))
	f.Add("name: ntp\n", "{}")
	f.Add("", `{"type":"object","properties":{"parameters":{"properties":{"a":{"default":1}}}}}`)
	chart, values, icon := read("chart/Chart.yaml"), read("chart/values.yaml"), read("icon.svg")
	f.Fuzz(func(t *testing.T, app, schema string) {
		files := fstest.MapFS{}
		for name, text := range map[string]string{"app.yaml": app, "chart/values.schema.json": schema, "chart/Chart.yaml": chart, "chart/values.yaml": values, "icon.svg": icon} {
			files["apps/ntp/"+name] = &fstest.MapFile{Data: []byte(text)}
		}
		c, err := Load(files)
		if err != nil {
			return
		}
		a, err := c.App("ntp")
		if err != nil {
			t.Fatalf("the loaded app is missing: %v", err)
		}
		if err := a.CheckSettings(a.Defaults()); err == nil {
			a.Masked(a.Defaults())
		}
	})
}
