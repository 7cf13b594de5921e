// Package catalog loads the apps from deploy/apps. An app is a folder with files and without Go code.
package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"sigs.k8s.io/yaml"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/platform/i18n"
)

// Domain is the DNS domain of the cluster. The DNS name of an app is <app>.default.svc.<Domain>.
const Domain = "mycloudmanager"

// Namespace is the namespace of all apps; their DNS names contain it.
const Namespace = "default"

// App is an app of the catalogue.
type App struct {
	Name               string       `json:"name"`
	Title              i18n.Text    `json:"title"`
	Category           i18n.Text    `json:"category"`
	Description        i18n.Text    `json:"description"`
	Links              []Link       `json:"links"`
	DefaultCredentials *Credentials `json:"default_credentials,omitempty"`
	Web                *Web         `json:"web,omitempty"`
	Volume             Volume       `json:"volume"`
	Agent              Agent        `json:"agent"`

	Version    string // appVersion of the chart
	Icon       []byte
	Files      []File // files of the chart
	AgentFiles fs.FS  `json:"-"` // the folder agent/; nil if the app has no agent
	schema     schema
}

// Link is a page about the app.
type Link struct {
	Title i18n.Text `json:"title"`
	URL   string    `json:"url"`
}

// Credentials are the default credentials of the app.
type Credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// Web is the address of the web pages of the app.
type Web struct {
	Port int    `json:"port"`
	Path string `json:"path"`
}

// Volume describes the Cinder volume for the data of the app.
type Volume struct {
	SizeGB int    `json:"size_gb"`
	Mount  string `json:"mount"`
}

// File is one file of a chart.
type File struct {
	Name string
	Data []byte
}

// DNSName returns the DNS name of the app in the cluster and through the VPN.
func (a App) DNSName() string { return a.Name + "." + Namespace + ".svc." + Domain }

// URL returns the URL of the web pages of the app, or "" if the app has none.
func (a App) URL() string {
	if a.Web == nil {
		return ""
	}
	port := ""
	if a.Web.Port != 80 {
		port = fmt.Sprintf(":%d", a.Web.Port)
	}
	return "http://" + a.DNSName() + port + a.Web.Path
}

// Catalog has all apps, sorted by name.
type Catalog struct{ apps []App }

// Load loads the apps in the folder apps of files. The error contains all invalid apps, each with the file and the field.
func Load(files fs.FS) (*Catalog, error) {
	entries, err := fs.ReadDir(files, "apps")
	if err != nil {
		return nil, err
	}
	c := &Catalog{}
	var faults []error
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		app, err := load(files, e.Name())
		if err != nil {
			faults = append(faults, err)
			continue
		}
		c.apps = append(c.apps, app)
	}
	sort.Slice(c.apps, func(i, j int) bool { return c.apps[i].Name < c.apps[j].Name })
	return c, errors.Join(faults...)
}

// Apps returns all apps, sorted by name.
func (c *Catalog) Apps() []App { return c.apps }

// App returns one app, or a NotFound fault.
func (c *Catalog) App(name string) (App, error) {
	for _, a := range c.apps {
		if a.Name == name {
			return a, nil
		}
	}
	return App{}, fault.New(fault.NotFound, nil, "the catalogue has no app %q", name)
}

func load(files fs.FS, folder string) (App, error) {
	dir := path.Join("apps", folder)
	var a App
	raw, err := fs.ReadFile(files, path.Join(dir, "app.yaml"))
	if err != nil {
		return a, err
	}
	if err := yaml.UnmarshalStrict(raw, &a); err != nil {
		return a, fmt.Errorf("%s/app.yaml: %w", dir, err)
	}
	if err := a.validate(folder); err != nil {
		return a, fmt.Errorf("%s/app.yaml: %w", dir, err)
	}
	if a.Icon, err = fs.ReadFile(files, path.Join(dir, "icon.svg")); err != nil {
		return a, err
	}
	if a.Files, err = chartFiles(files, path.Join(dir, "chart")); err != nil {
		return a, err
	}
	if err := a.loadChart(dir); err != nil {
		return a, err
	}
	return a, a.loadAgent(files, dir)
}

func (a App) validate(folder string) error {
	var faults []error
	check := func(invalid bool, field, rule string) {
		if invalid {
			faults = append(faults, fmt.Errorf("%s: %s", field, rule))
		}
	}
	check(a.Name != folder, "name", "must be the name of the folder, "+folder)
	for field, t := range map[string]i18n.Text{"title": a.Title, "category": a.Category, "description": a.Description} {
		check(t.En == "" || t.Fr == "", field, "must have en and fr")
	}
	check(a.Volume.SizeGB < 1, "volume.size_gb", "must be at least 1")
	check(!strings.HasPrefix(a.Volume.Mount, "/"), "volume.mount", "must be an absolute path")
	for i, l := range a.Links {
		check(l.Title.En == "" || l.Title.Fr == "" || !strings.HasPrefix(l.URL, "https://"), fmt.Sprintf("links[%d]", i), "must have a title in en and fr and an https url")
	}
	if a.Web != nil {
		check(a.Web.Port < 1 || a.Web.Port > 65535, "web.port", "must be a port")
		check(!strings.HasPrefix(a.Web.Path, "/"), "web.path", "must begin with /")
	}
	a.Agent.validate(check)
	return errors.Join(faults...)
}

func chartFiles(files fs.FS, dir string) ([]File, error) {
	var out []File
	err := fs.WalkDir(files, dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		out = append(out, File{strings.TrimPrefix(name, dir+"/"), data})
		return err
	})
	return out, err
}

// loadChart sets the version and the schema of the settings from the files of the chart.
func (a *App) loadChart(dir string) error {
	var chart struct {
		Name       string `json:"name"`
		AppVersion string `json:"appVersion"`
	}
	for _, f := range a.Files {
		switch f.Name {
		case "Chart.yaml":
			if err := yaml.Unmarshal(f.Data, &chart); err != nil {
				return fmt.Errorf("%s/chart/Chart.yaml: %w", dir, err)
			}
		case "values.schema.json":
			var err error
			if a.schema, err = parseSchema(f.Data); err != nil {
				return fmt.Errorf("%s/chart/values.schema.json: %w", dir, err)
			}
		}
	}
	if chart.Name != a.Name || chart.AppVersion == "" {
		return fmt.Errorf("%s/chart/Chart.yaml: name must be %s and appVersion must be set", dir, a.Name)
	}
	if a.schema.compiled == nil {
		return fmt.Errorf("%s/chart/values.schema.json: missing", dir)
	}
	a.Version = chart.AppVersion
	return nil
}
