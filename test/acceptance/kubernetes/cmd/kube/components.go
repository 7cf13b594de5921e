package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/pflag"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	cliflag "k8s.io/component-base/cli/flag"
	logsapi "k8s.io/component-base/logs/api/v1"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	apioptions "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	manageroptions "k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	scheduleroptions "k8s.io/kubernetes/cmd/kube-scheduler/app/options"
	kwokconfig "sigs.k8s.io/kwok/pkg/config"
	kwokcmd "sigs.k8s.io/kwok/pkg/kwok/cmd"
	kwoklog "sigs.k8s.io/kwok/pkg/log"
)

// The components are started by their Run functions: each command installs a signal handler, and a second one
// in a process panics.

func runAPIServer(ctx context.Context, o options) error {
	s := apioptions.NewServerRunOptions()
	if err := parse(s.Flags(), o.apiServerFlags()); err != nil {
		return err
	}
	if err := s.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return err
	}
	if err := logsapi.ValidateAndApply(s.Logs, utilfeature.DefaultFeatureGate); err != nil {
		return err
	}
	completed, err := s.Complete(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(completed.Validate()...); err != nil {
		return err
	}
	return apiserver.Run(ctx, completed)
}

func runControllerManager(ctx context.Context, o options) error {
	if err := waitReady(ctx, o); err != nil {
		return err
	}
	s, err := manageroptions.NewKubeControllerManagerOptions()
	if err != nil {
		return err
	}
	known, off, aliases := manager.KnownControllers(), manager.ControllersDisabledByDefault(), manager.ControllerAliases()
	sets := s.Flags(known, off, aliases)
	s.ParsedFlags = &sets
	if err := parse(sets, o.controllerManagerFlags()); err != nil {
		return err
	}
	c, err := s.Config(ctx, known, off, aliases)
	if err != nil {
		return err
	}
	return manager.Run(ctx, c.Complete())
}

func runScheduler(ctx context.Context, o options) error {
	if err := waitReady(ctx, o); err != nil {
		return err
	}
	s := scheduleroptions.NewOptions()
	if err := parse(*s.Flags, o.schedulerFlags()); err != nil {
		return err
	}
	completed, made, err := scheduler.Setup(ctx, s)
	if err != nil {
		return err
	}
	return scheduler.Run(ctx, completed, made)
}

// runKwok simulates the kubelets of the simulated nodes.
func runKwok(ctx context.Context, o options) error {
	if err := waitReady(ctx, o); err != nil {
		return err
	}
	flags := o.kwokFlags()
	os.Args = append([]string{"kwok"}, flags...)
	global := pflag.NewFlagSet("global", pflag.ContinueOnError)
	global.ParseErrorsAllowlist.UnknownFlags = true
	global.Usage = func() {}
	ctx, _ = kwoklog.InitFlags(ctx, global)
	ctx, err := kwokconfig.InitFlags(ctx, global)
	if err != nil {
		return err
	}
	c := kwokcmd.NewCommand(ctx)
	c.Version = "" // component-base has registered its own --version as a global flag
	c.PersistentFlags().AddFlagSet(global)
	c.SetArgs(flags)
	return c.ExecuteContext(ctx)
}

func parse(sets cliflag.NamedFlagSets, args []string) error {
	all := pflag.NewFlagSet("all", pflag.ContinueOnError)
	for _, set := range sets.FlagSets {
		all.AddFlagSet(set)
	}
	return all.Parse(args)
}
