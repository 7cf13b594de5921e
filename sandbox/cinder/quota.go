package cinder

import (
	"mycloudmanager/sandbox/sim"
)

// Defaults are the default quotas of a project; the keys are Cinder's.
var Defaults = map[string]int{"volumes": 20, "snapshots": 20, "gigabytes": 1000, "backups": 10,
	"backup_gigabytes": 1000, "per_volume_gigabytes": -1, "groups": 10}

func (s *Service) used(project string) map[string]int {
	out := map[string]int{}
	for k := range Defaults {
		out[k] = 0
	}
	for _, kind := range []string{Volumes, Snapshots} {
		for _, o := range s.cloud.With(kind, "_project_id", project) {
			out["gigabytes"] += sim.Int(o, "size")
			out[kind[len("cinder/"):]]++
		}
	}
	return out
}

// spend refuses a request that exceeds the quota of a resource or of gigabytes.
func (s *Service) spend(r *sim.Request, kind string, more, gigabytes int) error {
	limits, used := s.cloud.Limits("cinder", r.Scope(), Defaults), s.used(r.Scope())
	if most := limits["per_volume_gigabytes"]; kind == "volumes" && sim.Over(most, 0, gigabytes) {
		return sim.NewFault(413, "VolumeSizeExceedsLimit: Requested volume size %dG is larger than maximum allowed limit %dG.", gigabytes, most)
	}
	if sim.Over(limits["gigabytes"], used["gigabytes"], gigabytes) {
		return sim.NewFault(413, "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes "+
			"quota. Requested %dG, quota is %dG and %dG has been consumed.", gigabytes, limits["gigabytes"], used["gigabytes"])
	}
	if kind != "" && sim.Over(limits[kind], used[kind], more) {
		class := map[string]string{"volumes": "VolumeLimitExceeded", "snapshots": "SnapshotLimitExceeded"}[kind]
		return sim.NewFault(413, "%s: Maximum number of %s allowed (%d) exceeded for quota '%s'.", class, kind,
			limits[kind], kind)
	}
	return nil
}

func (s *Service) quotaRoutes() {
	s.Handle("GET /limits", 200, s.limits)
	s.Handle("GET /os-quota-sets/{id}", 200, s.quotaSet)
	s.Handle("GET /os-quota-sets/{id}/defaults", 200, func(r *sim.Request) (any, error) {
		return sim.Document{"quota_set": withID(Defaults, r.ID())}, nil
	})
	s.Handle("PUT /os-quota-sets/{id}", 200, func(r *sim.Request) (any, error) {
		s.cloud.SetLimits("cinder", r.ID(), Defaults, sim.Map(r.Body, "quota_set"))
		return sim.Document{"quota_set": withID(s.cloud.Limits("cinder", r.ID(), Defaults), "")}, nil
	}, sim.Admin)
}

func withID(limits map[string]int, id string) sim.Document {
	out := sim.Document{}
	for k, v := range limits {
		out[k] = v
	}
	if id != "" {
		out["id"] = id
	}
	return out
}

func (s *Service) quotaSet(r *sim.Request) (any, error) {
	limits := s.cloud.Limits("cinder", r.ID(), Defaults)
	if r.Query("usage") != "True" && r.Query("usage") != "true" {
		return sim.Document{"quota_set": withID(limits, r.ID())}, nil
	}
	out := sim.Document{"id": r.ID()}
	for k, used := range s.used(r.ID()) {
		out[k] = sim.Document{"limit": limits[k], "in_use": used, "reserved": 0, "allocated": 0}
	}
	for _, t := range s.cloud.All(Types) { // quotas per volume type are always unlimited here
		for _, k := range []string{"volumes", "snapshots", "gigabytes"} {
			out[k+"_"+sim.Str(t, "name")] = sim.Document{"limit": -1, "in_use": 0, "reserved": 0, "allocated": 0}
		}
	}
	return sim.Document{"quota_set": out}, nil
}

func (s *Service) limits(r *sim.Request) (any, error) {
	limits, used := s.cloud.Limits("cinder", r.Scope(), Defaults), s.used(r.Scope())
	return sim.Document{"limits": sim.Document{"rate": []any{}, "absolute": sim.Document{
		"maxTotalVolumes": limits["volumes"], "totalVolumesUsed": used["volumes"],
		"maxTotalSnapshots": limits["snapshots"], "totalSnapshotsUsed": used["snapshots"],
		"maxTotalVolumeGigabytes": limits["gigabytes"], "totalGigabytesUsed": used["gigabytes"],
		"maxTotalBackups": limits["backups"], "totalBackupsUsed": 0,
		"maxTotalBackupGigabytes": limits["backup_gigabytes"], "totalBackupGigabytesUsed": 0}}}, nil
}
