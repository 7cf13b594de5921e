// Package app defines the types with which the API describes apps.
package app

import (
	"time"

	"mycloudmanager/internal/platform/i18n"
)

// Health is the health of an app. The values are those of Argo CD.
type Health string

// The health states.
const (
	Healthy     Health = "Healthy"
	Progressing Health = "Progressing"
	Degraded    Health = "Degraded"
	Suspended   Health = "Suspended"
	Missing     Health = "Missing"
	Unknown     Health = "Unknown"
)

// App is an app of the catalogue with its current state.
type App struct {
	Name               string           `json:"name"`
	Title              string           `json:"title"`
	Category           string           `json:"category"`
	Description        string           `json:"description"`
	Links              []Link           `json:"links"`
	Icon               string           `json:"icon" doc:"path of an SVG"`
	Available          bool             `json:"available" doc:"false if no cluster is available to launch the app on"`
	Version            string           `json:"version" doc:"the installed version, else the catalogue's"`
	AvailableVersions  []string         `json:"available_versions"`
	Health             Health           `json:"health" enum:"Healthy,Progressing,Degraded,Suspended,Missing,Unknown"`
	Reason             i18n.Message     `json:"reason"`
	Since              *time.Time       `json:"since" nullable:"true"`
	URL                string           `json:"url"`
	DNSName            string           `json:"dns_name"`
	Volume             *Volume          `json:"volume,omitempty" doc:"absent if the app has no volume"`
	RetainedVolumes    []RetainedVolume `json:"retained_volumes"`
	VolumeSizeGB       int              `json:"volume_size_gb" doc:"size proposed by the catalogue"`
	Revision           int              `json:"revision" doc:"0 when not installed"`
	DefaultCredentials *Credentials     `json:"default_credentials,omitempty"`
	Settings           Settings         `json:"settings"`
	Schema             Schema           `json:"schema"`
	ETag               string           `json:"etag"`
	Agent              Agent            `json:"agent"`
	Task               string           `json:"task,omitempty" doc:"URL of the task that works on the app"`
}

// Link is a page about the app.
type Link struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// Volume is the Cinder volume of an app.
type Volume struct {
	ID         string `json:"id"`
	SizeGB     int    `json:"size_gb"`
	Status     string `json:"status"`
	AttachedTo string `json:"attached_to" doc:"server id, empty when detached"`
}

// RetainedVolume is a Cinder volume that remained after an uninstall, for the next launch.
type RetainedVolume struct {
	ID        string    `json:"id"`
	SizeGB    int       `json:"size_gb"`
	CreatedAt time.Time `json:"created_at"`
}

// Credentials are the default credentials of an app according to the documentation of its vendor.
type Credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// Settings are the values that a user can set. The API returns Masked instead of secrets.
type Settings struct {
	Environment map[string]any `json:"environment"`
	Parameters  map[string]any `json:"parameters"`
}

// Masked is returned instead of a secret. A request with this value does not change the secret.
const Masked = "********"

// Schema has the JSON Schemas of the two sections of Settings.
type Schema struct {
	Environment map[string]any `json:"environment"`
	Parameters  map[string]any `json:"parameters"`
}

// Agent describes the agent of an app for instances.
type Agent struct {
	Supported bool `json:"supported"`
}

// Revision is one Helm revision of an app.
type Revision struct {
	Revision    int       `json:"revision"`
	Version     string    `json:"version"`
	Status      string    `json:"status"`
	At          time.Time `json:"at"`
	Description string    `json:"description"`
}

// PlanRow compares the default, the deployed and the new value of a setting for an upgrade.
type PlanRow struct {
	Path     string `json:"path"`
	Default  any    `json:"default"`
	Deployed any    `json:"deployed"`
	New      any    `json:"new"`
}
