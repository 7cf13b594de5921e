package ansible

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/app/cluster"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/instance/ansible"
	"mycloudmanager/internal/instance/ssh"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
)

// Action is an action on an agent.
type Action string

// Actions on agents.
const (
	Install Action = "install"
	Remove  Action = "remove"
	Check   Action = "check" // reports drift; changes nothing
)

// PlaybookHost is an instance on which a playbook runs.
type PlaybookHost struct {
	ID      string
	Name    string
	Address string
	HostKey string
}

// RunAgentPlaybookInput selects an agent's playbook and the instances.
type RunAgentPlaybookInput struct {
	App    string
	Action Action
	Hosts  []PlaybookHost
}

// HostOutcome is the result on one instance.
type HostOutcome struct {
	State   instance.State // new state of the agent
	Version string
	Recap   string       // Ansible's recap
	Reason  i18n.Message // reason of a failure
}

// RunAgentPlaybook runs an agent's playbook on instances and verifies the result. Failed hosts are part of the result, not
// an error. It is idempotent, because the playbooks are. Two playbooks never run on one host concurrently, because the
// task locks the instance.
func (a *Activities) RunAgentPlaybook(ctx context.Context, in RunAgentPlaybookInput) (map[string]HostOutcome, error) {
	app, err := a.Catalog.App(in.App)
	if err != nil {
		return nil, err
	}
	if !app.Agent.Supported {
		return nil, fault.New(fault.Invalid, nil, "%s has no agent", in.App)
	}
	operation.ReportProgress(ctx, i18n.Messagef("%d instances are waiting", len(in.Hosts)))
	done, err := a.limiter.Acquire(ctx, len(in.Hosts), MaxConcurrentHosts)
	if err != nil {
		return nil, err
	}
	defer done()
	play, err := a.play(ctx, app, in)
	if err != nil {
		return nil, err
	}
	relay, err := a.SSH.OpenProxySocket(ctx)
	if err != nil {
		return nil, fault.New(fault.Internal, err, "the relay to the instances cannot be opened: %v", err)
	}
	defer relay.Close() //nolint:errcheck // only this playbook used it
	play.ProxyCommand = a.proxyCommand(relay)
	log := a.Log.Open(ctx)
	defer log.Close()
	outcomes, err := a.run(ctx, app, in, play, log)
	for _, h := range in.Hosts {
		if why := relay.LastError(net.JoinHostPort(h.Address, "22")); !why.IsZero() && !outcomes[h.ID].Reason.IsZero() {
			o := outcomes[h.ID]
			o.Reason = why
			outcomes[h.ID] = o
		}
		if o, ok := outcomes[h.ID]; ok {
			sum(log, h.Name, o)
		}
	}
	return outcomes, err
}

// play assembles the variables and secrets of a playbook.
func (a *Activities) play(ctx context.Context, app catalog.App, in RunAgentPlaybookInput) (ansible.Play, error) {
	p := ansible.Play{Files: app.AgentFiles, PrivateKey: a.SSH.Key, Forks: MaxConcurrentHosts, Timeout: playTimeout, Variables: map[string]any{}}
	settings, err := a.Cluster.Settings(ctx, app.Name)
	if err != nil && in.Action != Remove {
		return p, err
	}
	full := app.WithDefaults(settings.Settings)
	p.Variables["mcm_settings"] = map[string]any{"environment": full.Environment, "parameters": full.Parameters}
	p.Secrets = app.Secrets(settings.Settings) // without the defaults, which are public
	var at cluster.Endpoint
	if in.Action != Remove { // a removal does not need the app
		if at, err = a.Cluster.Endpoint(ctx, app.Name, app.Agent.Ports); err != nil {
			return p, err
		}
	}
	p.Variables["mcm_app"] = app.Name
	p.Variables["mcm_app_host"], p.Variables["mcm_app_ports"] = at.Host, at.Ports
	for _, h := range in.Hosts {
		p.Hosts = append(p.Hosts, ansible.Host{Name: h.ID, Address: h.Address, User: ssh.User, HostKeys: []string{h.HostKey},
			Variables: map[string]any{"mcm_instance_id": h.ID, "mcm_instance_name": h.Name}})
	}
	return p, nil
}

// playTimeout bounds one playbook on all its hosts, including package downloads.
const playTimeout = time.Hour

func (a *Activities) proxyCommand(relay *ssh.ProxySocket) string {
	words := append(slices.Clone(a.ProxyCommand), relay.Path, "%h:%p")
	return strings.Join(words, " ")
}

// run runs the playbook and, after an installation, the verification playbook on the hosts that succeeded.
func (a *Activities) run(ctx context.Context, app catalog.App, in RunAgentPlaybookInput, play ansible.Play, log *tasklog.Writer) (map[string]HostOutcome, error) {
	play.Playbook, play.Check = catalog.AgentInstall, in.Action == Check
	if in.Action == Remove {
		play.Playbook = catalog.AgentRemove
	}
	names := map[string]string{}
	for _, h := range in.Hosts {
		names[h.ID] = h.Name
	}
	handle := func(e ansible.Event) {
		reportEvent(ctx, names, e)
		write(log, names[e.Host], e)
	}
	recap, err := a.Runner.Run(ctx, play, handle)
	if err != nil {
		return nil, err
	}
	outcomes := map[string]HostOutcome{}
	play.Hosts = slices.DeleteFunc(play.Hosts, func(h ansible.Host) bool { return !recap[h.Name].Succeeded() })
	verification := ansible.Recap{}
	if in.Action == Install && len(play.Hosts) > 0 {
		play.Playbook = catalog.AgentVerify
		if verification, err = a.Runner.Run(ctx, play, handle); err != nil {
			return nil, err
		}
	}
	for id, r := range recap {
		if p, ok := verification[id]; ok && r.Succeeded() {
			p.Changed = r.Changed // the verification changes nothing: show the changes of the installation
			r = p
		}
		outcomes[id] = outcome(in.Action, app.Version, r)
	}
	return outcomes, nil
}

func outcome(action Action, version string, r ansible.HostRecap) HostOutcome {
	o := HostOutcome{Version: version, Reason: r.Reason,
		Recap: fmt.Sprintf("ok=%d changed=%d skipped=%d failed=%d unreachable=%d", r.OK, r.Changed, r.Skipped, r.Failed, r.Unreachable)}
	switch {
	case !r.Reason.IsZero():
		o.State = instance.Failed
	case action == Remove:
		o.State = instance.Absent
	case action == Check && r.Changed > 0:
		o.State = instance.Drifted
	default:
		o.State = instance.Installed
	}
	return o
}

// reportEvent reports the progress of a playbook to the task.
func reportEvent(ctx context.Context, names map[string]string, e ansible.Event) {
	switch e.Kind {
	case ansible.KindTask:
		operation.ReportProgress(ctx, i18n.Verbatim(e.Task))
	case ansible.KindFailed, ansible.KindUnreachable:
		operation.ReportProgress(ctx, i18n.Messagef("%s: %s: %s", names[e.Host], e.Task, e.Message))
	}
}
