package catalog_test

import (
	"io/fs"
	"maps"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"mycloudmanager/deploy"
	"mycloudmanager/internal/app"
	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

func loaded(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load(deploy.Files)
	require.NoError(t, err)
	return c
}

func TestLoad_Catalogue(t *testing.T) {
	list := loaded(t).Apps()
	require.NotEmpty(t, list)
	for _, a := range list {
		require.NotEmpty(t, a.Version, a.Name)
		require.Contains(t, string(a.Icon), "<svg", a.Name)
		require.NotContains(t, string(a.Icon), "<script", a.Name)
		require.Equal(t, a.Name+".default.svc.mycloudmanager", a.DNSName())
		require.NoError(t, a.CheckSettings(a.Defaults()), "%s: the default values are not valid", a.Name)
		require.NoError(t, a.CheckSettings(app.Settings{}), a.Name)
		readme, err := fs.ReadFile(deploy.Files, path.Join("apps", a.Name, "README.md"))
		require.NoError(t, err)
		require.NotEmpty(t, readme)
	}
}

// Every title and description in the form of the settings has a French text. Descriptions differ from the English text.
func TestLoad_TextsAreTranslated(t *testing.T) {
	for _, a := range loaded(t).Apps() {
		for _, text := range []string{a.Title.Fr, a.Category.Fr, a.Description.Fr} {
			require.NotEmpty(t, text, a.Name)
		}
		en, fr := a.Schema("en"), a.Schema("fr")
		for section, pair := range map[string][2]map[string]any{"environment": {en.Environment, fr.Environment}, "parameters": {en.Parameters, fr.Parameters}} {
			properties, _ := pair[0]["properties"].(map[string]any)
			french, _ := pair[1]["properties"].(map[string]any)
			for name, p := range properties {
				field, at := p.(map[string]any), a.Name+" "+section+"."+name
				require.NotEmpty(t, field["title"], at)
				require.NotContains(t, field, "x-i18n", at)
				other := french[name].(map[string]any)
				require.NotEmpty(t, other["title"], at)
				if d, ok := field["description"]; ok {
					require.NotEqual(t, d, other["description"], "%s: not translated", at)
				}
			}
		}
	}
}

func TestCatalog_UnknownApp(t *testing.T) {
	for _, name := range []string{"redis", "", "../ntp", "NTP"} {
		_, err := loaded(t).App(name)
		require.Equal(t, fault.NotFound, fault.KindOf(err), name)
	}
}

// folder returns the files of a small valid app with the given changes. An empty text removes the file.
func folder(change map[string]string) fstest.MapFS {
	files := map[string]string{
		"app.yaml": "name: redis\ntitle: {en: Redis, fr: Redis}\ncategory: {en: Data, fr: Données}\ndescription: {en: A store, fr: Un magasin}\n" +
			"links: [{title: {en: Site, fr: Site}, url: 'https://redis.io'}]\nweb: {port: 8080, path: /}\nvolume: {size_gb: 1, mount: /data}\nagent: {supported: false}\n",
		"icon.svg":         "<svg/>",
		"chart/Chart.yaml": "apiVersion: v2\nname: redis\nversion: 1.0.0\nappVersion: '7'\n",
		"chart/values.schema.json": `{"type":"object","properties":{
			"environment":{"type":"object","additionalProperties":false,"properties":{"PASSWORD":{"type":"string","title":"Password","writeOnly":true,"minLength":8},
				"LEVEL":{"type":"string","title":"Level","enum":["low","high"],"default":"low"}}},
			"parameters":{"type":"object","additionalProperties":false,"properties":{"cores":{"type":"integer","title":"Cores","minimum":1,"maximum":8,"default":2},
				"tags":{"type":"array","title":"Tags","items":{"type":"string"}}}}}}`,
	}
	maps.Copy(files, change)
	out := fstest.MapFS{}
	for name, text := range files {
		if text != "" {
			out["apps/redis/"+name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return out
}

func redis(t *testing.T) catalog.App {
	t.Helper()
	c, err := catalog.Load(folder(nil))
	require.NoError(t, err)
	a, err := c.App("redis")
	require.NoError(t, err)
	return a
}

// The error for an invalid app contains the file and the field.
func TestLoad_ErrorsContainFileAndField(t *testing.T) {
	right := string(folder(nil)["apps/redis/app.yaml"].Data)
	schema := string(folder(nil)["apps/redis/chart/values.schema.json"].Data)
	for name, c := range map[string]struct{ file, text, want string }{
		"another name":                 {"app.yaml", strings.Replace(right, "name: redis", "name: rediss", 1), "apps/redis/app.yaml: name: "},
		"no French title":              {"app.yaml", strings.Replace(right, ", fr: Redis}", "}", 1), "apps/redis/app.yaml: title: must have en and fr"},
		"an unknown field":             {"app.yaml", right + "colour: red\n", "colour"},
		"no volume":                    {"app.yaml", strings.Replace(right, "size_gb: 1", "size_gb: 0", 1), "volume.size_gb"},
		"a relative mount":             {"app.yaml", strings.Replace(right, "/data", "data", 1), "volume.mount"},
		"a link without TLS":           {"app.yaml", strings.Replace(right, "https:", "http:", 1), "links[0]"},
		"a port too high":              {"app.yaml", strings.Replace(right, "8080", "80800", 1), "web.port"},
		"a relative path":              {"app.yaml", strings.Replace(right, "path: /", "path: x", 1), "web.path"},
		"invalid YAML":                 {"app.yaml", "name: [", "apps/redis/app.yaml"},
		"no app.yaml":                  {"app.yaml", "", "apps/redis/app.yaml"},
		"no icon":                      {"icon.svg", "", "apps/redis/icon.svg"},
		"no chart":                     {"chart/Chart.yaml", "", "apps/redis/chart/Chart.yaml"},
		"another chart":                {"chart/Chart.yaml", "name: ntp\nappVersion: '1'\n", "apps/redis/chart/Chart.yaml: name must be redis"},
		"no version":                   {"chart/Chart.yaml", "name: redis\n", "appVersion"},
		"no schema":                    {"chart/values.schema.json", "", "values.schema.json: missing"},
		"invalid JSON":                 {"chart/values.schema.json", "{", "apps/redis/chart/values.schema.json: "},
		"no parameters":                {"chart/values.schema.json", strings.Replace(schema, `"parameters"`, `"params"`, 1), "properties.parameters: missing"},
		"an open section":              {"chart/values.schema.json", strings.Replace(schema, "false", "true", 1), "properties.environment.additionalProperties"},
		"an agent without a playbook":  {"app.yaml", strings.Replace(right, "supported: false", "supported: true, description: {en: A, fr: B}", 1), "apps/redis/agent/verify.yml: missing"},
		"an agent without description": {"app.yaml", strings.Replace(right, "supported: false", "supported: true", 1), "agent.description: must have en and fr"},
		"a port without agent":         {"app.yaml", strings.Replace(right, "supported: false", "supported: false, ports: {x: 1}", 1), "agent: must have no other fields"},
		"an agent's port too high":     {"app.yaml", strings.Replace(right, "supported: false", "supported: true, description: {en: A, fr: B}, ports: {x: 65536}", 1), "agent.ports.x"},
		"a wrong schema":               {"chart/values.schema.json", strings.Replace(schema, `"integer"`, `"int"`, 1), "apps/redis/chart/values.schema.json: "},
	} {
		_, err := catalog.Load(folder(map[string]string{c.file: c.text}))
		require.ErrorContains(t, err, c.want, name)
		require.ErrorContains(t, err, "apps/redis", name)
	}
	two := folder(map[string]string{"icon.svg": ""})
	two["apps/other/app.yaml"] = &fstest.MapFile{Data: []byte("name: [")}
	_, err := catalog.Load(two)
	require.ErrorContains(t, err, "apps/redis")
	require.ErrorContains(t, err, "apps/other", "the error contains all invalid apps")
}

func TestCheckSettings_Fields(t *testing.T) {
	a := redis(t)
	err := a.CheckSettings(app.Settings{
		Environment: map[string]any{"PASSWORD": "hunter2", "LEVEL": "middle", "COLOUR": "red"}, Parameters: map[string]any{"cores": 9.5, "tags": []any{1}},
	})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	var fields []string
	for _, f := range err.(*fault.Error).Fields { //nolint:errorlint // the error is not wrapped
		fields = append(fields, f.Field)
		require.NotEmpty(t, f.Message)
		require.NotContains(t, f.Message.String(), "hunter2")
	}
	for _, want := range []string{"environment.PASSWORD", "environment.LEVEL", "parameters.cores", "parameters.tags.0"} {
		require.Contains(t, fields, want)
	}
	require.NotContains(t, err.Error(), "hunter2")
	require.NoError(t, a.CheckSettings(a.WithDefaults(app.Settings{Environment: map[string]any{"PASSWORD": "long enough"}})))
}

func TestSettings_SecretsAreMasked(t *testing.T) {
	a := redis(t)
	stored := app.Settings{Environment: map[string]any{"PASSWORD": "s3cr3t-old", "LEVEL": "low"}, Parameters: map[string]any{"cores": 2.0}}
	shown := a.Masked(stored)
	require.Equal(t, app.Masked, shown.Environment["PASSWORD"])
	require.Equal(t, "low", shown.Environment["LEVEL"])
	require.Equal(t, "s3cr3t-old", stored.Environment["PASSWORD"], "the settings are not modified")
	require.Equal(t, "", a.Masked(app.Settings{Environment: map[string]any{"PASSWORD": ""}}).Environment["PASSWORD"], "an empty secret is not masked")

	require.Equal(t, stored, a.Unmasked(shown, stored), "unmodified settings")
	fresh := a.Unmasked(app.Settings{Environment: map[string]any{"PASSWORD": "s3cr3t-new"}}, stored)
	require.Equal(t, "s3cr3t-new", fresh.Environment["PASSWORD"])
	require.NotContains(t, a.Unmasked(shown, app.Settings{}).Environment, "PASSWORD", "a mask without a previous secret is ignored")
	require.Equal(t, app.Masked, a.Unmasked(app.Settings{Environment: map[string]any{"LEVEL": app.Masked}}, stored).Environment["LEVEL"], "the mask has no meaning in other fields")
}

func TestChanges_SecretsAreMasked(t *testing.T) {
	a := redis(t)
	before := app.Settings{Environment: map[string]any{"PASSWORD": "s3cr3t-old", "LEVEL": "low"}, Parameters: map[string]any{"cores": 2.0}}
	after := app.Settings{Environment: map[string]any{"PASSWORD": "s3cr3t-new", "LEVEL": "low"}, Parameters: map[string]any{"cores": 4.0, "tags": []any{"x"}}}
	require.Equal(t, []operation.Change{
		{Field: "environment.PASSWORD", Old: app.Masked, New: app.Masked},
		{Field: "parameters.cores", Old: "2", New: "4"}, {Field: "parameters.tags", Old: "", New: `["x"]`},
	}, a.Changes(before, after))
	require.Empty(t, a.Changes(after, after))
	require.Equal(t, []operation.Change{{Field: "environment.PASSWORD", Old: "", New: app.Masked}},
		a.Changes(app.Settings{}, app.Settings{Environment: map[string]any{"PASSWORD": "s3cr3t"}}))
}
