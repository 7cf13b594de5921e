package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"mycloudmanager/internal/app"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/workflows"
)

func appTarget(name, title string) operation.Target {
	return operation.Target{Kind: "app", ID: name, Name: title}
}

func (s *Server) appRoutes(api huma.API) {
	tags := []string{"Apps"}
	work := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Tags: tags, Summary: summary,
			DefaultStatus: http.StatusAccepted, Errors: []int{http.StatusNotFound, http.StatusConflict}}
	}
	read := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Tags: tags, Summary: summary, Errors: []int{http.StatusNotFound}}
	}
	handle(api, identity.Viewer, read("listApps", "/apps", "List the apps of the catalogue with their status"), s.listApps)
	handle(api, identity.Viewer, read("getApp", "/apps/{app}", "Get an app"), s.getApp)
	handle(api, identity.Viewer, read("getAppIcon", "/apps/{app}/icon", "Get an app's icon (SVG)"), s.getAppIcon)
	handle(api, identity.Viewer, read("listAppRevisions", "/apps/{app}/revisions", "List an app's Helm revisions"), s.listAppRevisions)
	handle(api, identity.Viewer, read("planApp", "/apps/{app}/plan", "Compare an app's values before a change of version"), s.upgradeDiff)
	configure := work("configureApp", http.MethodPut, "/apps/{app}/settings", "Change an app's settings")
	configure.Errors = append(configure.Errors, http.StatusPreconditionFailed)
	handle(api, identity.Operator, configure, s.configureApp)
	handle(api, identity.Operator, work("launchApp", http.MethodPost, "/apps/{app}/launch", "Launch an app with its volume"), s.launchApp)
	handle(api, identity.Operator, work("stopApp", http.MethodPost, "/apps/{app}/stop",
		"Stop an app and keep its release and volume"), s.stopApp)
	handle(api, identity.Operator, work("uninstallApp", http.MethodPost, "/apps/{app}/uninstall",
		"Uninstall an app and keep its volume unless delete_volume is set"), s.uninstallApp)
}

// AppPath names the app of a request.
type AppPath struct {
	App string `path:"app" maxLength:"63" pattern:"^[a-z][a-z0-9-]*$"`
}

// AppList lists the apps of the catalogue.
type AppList struct {
	Items         []app.App `json:"items"`
	NextPageToken string    `json:"next_page_token"`
}

func (s *Server) listApps(ctx context.Context, _ *struct{}) (*struct{ Body AppList }, error) {
	list, err := s.Apps.List(ctx)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := s.addTask(ctx, &list[i]); err != nil {
			return nil, err
		}
	}
	return &struct{ Body AppList }{AppList{Items: list}}, nil
}

// addTask sets the task that works on the app. It queries Temporal, which keeps running workflows in memory, and not
// the cloud.
func (s *Server) addTask(ctx context.Context, a *app.App) error {
	task, err := s.Tasks.Running(ctx, appTarget(a.Name, ""))
	if err == nil && task != "" {
		a.Task = taskURL(task)
		if a.Health == app.Missing {
			a.Health, a.Reason = app.Progressing, i18n.Messagef("an operation is running").Localized(i18n.Language(ctx))
		}
	}
	return err
}

type appResponse struct {
	ETag string `header:"ETag"`
	Body app.App
}

func (s *Server) getApp(ctx context.Context, in *AppPath) (*appResponse, error) {
	a, err := s.Apps.Get(ctx, in.App)
	if err != nil {
		return nil, err
	}
	if err := s.addTask(ctx, &a); err != nil {
		return nil, err
	}
	return &appResponse{`"` + a.ETag + `"`, a}, nil
}

func (s *Server) getAppIcon(_ context.Context, in *AppPath) (*struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Body         []byte
}, error) {
	icon, err := s.Apps.Icon(in.App)
	return &struct {
		ContentType  string `header:"Content-Type"`
		CacheControl string `header:"Cache-Control"`
		Body         []byte
	}{"image/svg+xml", "private, max-age=3600", icon}, err
}

type settingsRequest struct {
	AppPath
	IdempotencyHeader
	IfMatch string       `header:"If-Match" maxLength:"128"`
	Body    app.Settings `doc:"the value ******** leaves a secret unchanged"`
}

func (s *Server) configureApp(ctx context.Context, in *settingsRequest) (*Accepted, error) {
	return s.idempotent(ctx, in.IdempotencyHeader, "app.configure", in.Body, appTarget(in.App, ""),
		func() (*Accepted, error) { return s.configure(ctx, in) })
}

func (s *Server) configure(ctx context.Context, in *settingsRequest) (*Accepted, error) {
	a, err := s.Apps.GetFresh(ctx, in.App)
	if err != nil {
		return nil, err
	}
	if in.IfMatch != "" && in.IfMatch != `"`+a.ETag+`"` && in.IfMatch != a.ETag {
		return nil, newProblem(http.StatusPreconditionFailed, i18n.Messagef("the settings have changed since you read them: read them again"))
	}
	settings, changes, err := s.Apps.CheckSettings(ctx, in.App, in.Body)
	if err != nil {
		return nil, err
	}
	input := workflows.ConfigureAppInput{App: in.App, Settings: settings, ETag: a.ETag}
	return s.startChange(ctx, in.IdempotencyHeader, "app.configure", input, in.Body, changes, appTarget(in.App, a.Title))
}

// LaunchAppRequest holds the options of a launch.
type LaunchAppRequest struct {
	Version      string `json:"version,omitempty" maxLength:"64"`
	VolumeSizeGB int    `json:"volume_size_gb,omitempty" minimum:"1" maximum:"16384"`
	VolumeID     string `json:"volume_id,omitempty" maxLength:"64" doc:"a retained volume; default: the newest one of the app"`
}

func (s *Server) launchApp(ctx context.Context, in *struct {
	AppPath
	IdempotencyHeader
	Body *LaunchAppRequest
}) (*Accepted, error) {
	body := orEmpty(in.Body)
	return s.idempotent(ctx, in.IdempotencyHeader, "app.launch", body, appTarget(in.App, ""), func() (*Accepted, error) {
		a, err := s.available(ctx, in.App)
		if err != nil {
			return nil, err
		}
		if body.Version != "" && !slices.Contains(a.AvailableVersions, body.Version) {
			return nil, fault.InvalidField("version", "the catalogue has no such version")
		}
		input := workflows.LaunchAppInput{App: in.App, Version: body.Version, VolumeSizeGB: body.VolumeSizeGB, VolumeID: body.VolumeID}
		return s.start(ctx, in.IdempotencyHeader, "app.launch", input, body, appTarget(in.App, a.Title))
	})
}

func (s *Server) stopApp(ctx context.Context, in *struct {
	AppPath
	IdempotencyHeader
}) (*Accepted, error) {
	return s.idempotent(ctx, in.IdempotencyHeader, "app.stop", in.App, appTarget(in.App, ""), func() (*Accepted, error) {
		a, err := s.installed(ctx, in.App)
		if err != nil {
			return nil, err
		}
		return s.start(ctx, in.IdempotencyHeader, "app.stop", workflows.StopAppInput{App: in.App}, in.App, appTarget(in.App, a.Title))
	})
}

// UninstallAppRequest selects whether the data is deleted.
type UninstallAppRequest struct {
	DeleteVolume bool   `json:"delete_volume,omitempty"`
	Confirm      string `json:"confirm,omitempty" maxLength:"64" doc:"the app's name; required with delete_volume"`
}

func (s *Server) uninstallApp(ctx context.Context, in *struct {
	AppPath
	IdempotencyHeader
	Body *UninstallAppRequest
}) (*Accepted, error) {
	body := orEmpty(in.Body)
	if body.DeleteVolume && body.Confirm != in.App {
		return nil, fault.InvalidField("confirm", "type the app's name to delete its volume and data")
	}
	return s.idempotent(ctx, in.IdempotencyHeader, "app.uninstall", body, appTarget(in.App, ""), func() (*Accepted, error) {
		a, err := s.Apps.GetFresh(ctx, in.App)
		if err != nil {
			return nil, err
		}
		if kept := len(a.RetainedVolumes) > 0; a.Revision == 0 && a.Volume == nil && (!body.DeleteVolume || !kept) {
			return nil, fault.New(fault.Conflict, nil, "%s is not installed", a.Title)
		}
		input := workflows.UninstallAppInput{App: in.App, DeleteVolume: body.DeleteVolume}
		return s.start(ctx, in.IdempotencyHeader, "app.uninstall", input, body, appTarget(in.App, a.Title))
	})
}

func (s *Server) available(ctx context.Context, name string) (app.App, error) {
	a, err := s.Apps.GetFresh(ctx, name)
	if err == nil && !a.Available {
		err = fault.New(fault.Conflict, nil, "there is no cluster to run %s on: deploy the stack first", a.Title)
	}
	return a, err
}

func (s *Server) installed(ctx context.Context, name string) (app.App, error) {
	a, err := s.Apps.GetFresh(ctx, name)
	if err == nil && a.Revision == 0 {
		err = fault.New(fault.Conflict, nil, "%s is not installed", a.Title)
	}
	return a, err
}

// AppRevisions lists the revisions of an app's Helm release.
type AppRevisions struct {
	Items         []app.Revision `json:"items"`
	NextPageToken string         `json:"next_page_token"`
}

func (s *Server) listAppRevisions(ctx context.Context, in *AppPath) (*struct{ Body AppRevisions }, error) {
	list, err := s.Apps.Revisions(ctx, in.App)
	return &struct{ Body AppRevisions }{AppRevisions{Items: list}}, err
}

// AppUpgradeDiff compares the default, deployed and new values of a version change.
type AppUpgradeDiff struct {
	Items []app.PlanRow `json:"items"`
}

func (s *Server) upgradeDiff(ctx context.Context, in *struct {
	AppPath
	Version string `query:"version" maxLength:"64"`
}) (*struct{ Body AppUpgradeDiff }, error) {
	rows, err := s.Apps.UpgradeDiff(ctx, in.App, in.Version)
	return &struct{ Body AppUpgradeDiff }{AppUpgradeDiff{rows}}, err
}

// orEmpty returns the optional body, or the zero value if it was omitted.
func orEmpty[T any](body *T) T {
	if body == nil {
		return *new(T)
	}
	return *body
}
