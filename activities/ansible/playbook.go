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
)

// Action is what is done with an agent.
type Action string

// The actions.
const (
	Install Action = "install"
	Remove  Action = "remove"
	Check   Action = "check" // says whether it is still as installed; changes nothing
)

// PlaybookHost is an instance that an agent is played on.
type PlaybookHost struct {
	ID      string
	Name    string
	Address string
	HostKey string
}

// RunAgentPlaybookInput is an agent's playbook for some instances.
type RunAgentPlaybookInput struct {
	App    string
	Action Action
	Hosts  []PlaybookHost
}

// HostOutcome is how it went on one instance.
type HostOutcome struct {
	State   instance.State // of the agent from now on
	Version string
	Recap   string // the box score, as Ansible counts
	Reason  string // why it failed
}

// RunAgentPlaybook plays an agent's playbook on instances and verifies its work. Hosts that fail are no
// error. It is idempotent: playbooks are, and a repeat changes what is not so yet. Two plays never
// run on one host at once, for the task holds the instance.
func (a *Activities) RunAgentPlaybook(ctx context.Context, in RunAgentPlaybookInput) (map[string]HostOutcome, error) {
	app, err := a.Catalog.App(in.App)
	if err != nil {
		return nil, err
	}
	if !app.Agent.Supported {
		return nil, fault.New(fault.Invalid, nil, "%s has no agent", in.App)
	}
	operation.ReportProgress(ctx, fmt.Sprintf("%d instances wait for their turn", len(in.Hosts)))
	done, err := a.limiter.take(ctx, len(in.Hosts))
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
	defer relay.Close() //nolint:errcheck // only this play used it
	play.ProxyCommand = a.proxyCommand(relay)
	log := a.Log.Open(ctx)
	defer log.Close()
	outcomes, err := a.run(ctx, app, in, play, log)
	for _, h := range in.Hosts {
		if why := relay.LastError(net.JoinHostPort(h.Address, "22")); why != "" && outcomes[h.ID].Reason != "" {
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

// play puts together what every playbook of an agent is given.
func (a *Activities) play(ctx context.Context, app catalog.App, in RunAgentPlaybookInput) (ansible.Play, error) {
	p := ansible.Play{Files: app.AgentFiles, PrivateKey: a.SSH.Key, Forks: MaxConcurrentHosts, Timeout: playTimeout, Variables: map[string]any{}}
	settings, err := a.Cluster.Settings(ctx, app.Name)
	if err != nil && in.Action != Remove {
		return p, err
	}
	full := app.WithDefaults(settings.Settings)
	p.Variables["mcm_settings"] = map[string]any{"environment": full.Environment, "parameters": full.Parameters}
	p.Secrets = app.Secrets(settings.Settings) // not the defaults, which are words that everybody knows
	var at cluster.Endpoint
	if in.Action != Remove { // what is removed needs no app any more
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

// playTimeout bounds one playbook on all its hosts: packages are fetched.
const playTimeout = time.Hour

func (a *Activities) proxyCommand(relay *ssh.ProxySocket) string {
	words := append(slices.Clone(a.ProxySocket), relay.Path, "%h:%p")
	return strings.Join(words, " ")
}

// run plays the playbook, and after an installation the one that proves it where that succeeded.
func (a *Activities) run(ctx context.Context, app catalog.App, in RunAgentPlaybookInput, play ansible.Play, log *tasklog.Writer) (map[string]HostOutcome, error) {
	play.Playbook, play.Check = catalog.AgentInstall, in.Action == Check
	if in.Action == Remove {
		play.Playbook = catalog.AgentRemove
	}
	names := map[string]string{}
	for _, h := range in.Hosts {
		names[h.ID] = h.Name
	}
	tell := func(e ansible.Event) {
		say(ctx, names, e)
		write(log, names[e.Host], e)
	}
	recap, err := a.Runner.Run(ctx, play, tell)
	if err != nil {
		return nil, err
	}
	outcomes := map[string]HostOutcome{}
	play.Hosts = slices.DeleteFunc(play.Hosts, func(h ansible.Host) bool { return !recap[h.Name].Succeeded() })
	proof := ansible.Recap{}
	if in.Action == Install && len(play.Hosts) > 0 {
		play.Playbook = catalog.AgentVerify
		if proof, err = a.Runner.Run(ctx, play, tell); err != nil {
			return nil, err
		}
	}
	for id, r := range recap {
		if p, ok := proof[id]; ok && r.Succeeded() {
			p.Changed = r.Changed // proving changes nothing; what the installation did is shown
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
	case r.Reason != "":
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

// say tells the task's reader what is going on.
func say(ctx context.Context, names map[string]string, e ansible.Event) {
	switch e.Kind {
	case ansible.KindTask:
		operation.ReportProgress(ctx, e.Task)
	case ansible.KindFailed, ansible.KindUnreachable:
		operation.ReportProgress(ctx, fmt.Sprintf("%s: %s: %s", names[e.Host], e.Task, e.Message))
	}
}
