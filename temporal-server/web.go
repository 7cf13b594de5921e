package main

import (
	"encoding/base64"
	"io/fs"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/temporalio/ui-server/v2/server/api"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/csrf"
	"github.com/temporalio/ui-server/v2/server/headers"
	"github.com/temporalio/ui-server/v2/server/route"
	"github.com/temporalio/ui-server/v2/ui"
)

// webHandler serves Temporal Web below the public path. Clients behind the supervisor's proxy are
// administrators.
func webHandler(spec Specification, frontend string) (http.Handler, error) {
	cfg := &config.Config{
		TemporalGRPCAddress: frontend, PublicPath: spec.PublicPath, EnableUI: true, DefaultNamespace: spec.Namespace,
		HideLogs: true, StartWorkflowDisabled: true, CORS: config.CORS{CookieInsecure: true},
		TLS:   config.TLS{CaData: b64(spec.CA), CertData: b64(spec.Cert), KeyData: b64(spec.Key), EnableHostVerification: true, ServerName: "localhost"},
		Codec: config.Codec{Endpoint: spec.CodecEndpoint, IncludeCredentials: true},
	}
	provider, err := config.NewConfigProviderWithRefresh(cfg)
	if err != nil {
		return nil, err
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Use(middleware.Recover(), middleware.Gzip(), middleware.Secure())
	e.Use(middleware.CSRFWithConfig(middleware.CSRFConfig{
		CookiePath: spec.PublicPath, CookieSameSite: http.SameSiteStrictMode, Skipper: csrf.SkipOnAuthorizationHeader,
	}))
	e.Pre(route.PublicPath(cfg.PublicPath))
	route.SetHealthRoute(e)
	if err := route.SetAPIRoutes(e, provider, []api.Middleware{headers.WithForwardHeaders([]string{"Caller-Type"})}); err != nil {
		return nil, err
	}
	assets, err := ui.Assets()
	if err != nil {
		return nil, err
	}
	if assets, err = fs.Sub(assets, "local"); err != nil {
		return nil, err
	}
	if err := route.SetUIRoutes(e, cfg.PublicPath, assets); err != nil {
		return nil, err
	}
	route.SetRenderRoute(e, cfg.PublicPath)
	return e, nil
}

func b64(pem string) string { return base64.StdEncoding.EncodeToString([]byte(pem)) }
