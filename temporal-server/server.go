package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
)

const (
	loopback = "127.0.0.1"
	// shards is fixed when the database is created. With one shard, all workflows wait for each other; four
	// reduce the time per workflow from 196 to 57 ms, and more bring no improvement.
	shards = 4
)

type server struct {
	temporal temporal.Server
	web      *http.Server
	store    *store
}

func start(s Specification) (*server, Report, error) {
	st, err := openStore(s.DataDir, s.Database)
	if err != nil {
		return nil, Report{}, err
	}
	security, err := newMutualTLS(s.CA, s.Cert, s.Key)
	if err != nil {
		return nil, Report{}, err
	}
	if s.Database == "" {
		if err := createNamespace(st, s.Namespace); err != nil {
			return nil, Report{}, fmt.Errorf("namespace: %w", err)
		}
	}
	ports, err := freePorts("frontend", "history", "matching", "worker", "membership")
	if err != nil {
		return nil, Report{}, err
	}
	if s.Frontend != "" {
		if ports["frontend"], err = portOf(s.Frontend); err != nil {
			return nil, Report{}, err
		}
	}
	t, err := newTemporal(st, security, ports)
	if err != nil {
		return nil, Report{}, err
	}
	if err := t.Start(); err != nil {
		return nil, Report{}, err
	}
	frontend := fmt.Sprintf("%s:%d", loopback, ports["frontend"])
	srv := &server{temporal: t, store: st}
	address, err := srv.serveWeb(s, frontend, security)
	if err != nil {
		return nil, Report{}, errors.Join(err, srv.stop())
	}
	return srv, Report{Frontend: frontend, Web: address, Version: serverVersion()}, nil
}

// createNamespace creates the namespace in the database before the server starts. Registering it afterwards
// takes seconds to become effective.
func createNamespace(st *store, name string) error {
	namespace, err := sqliteschema.NewNamespaceConfig("active", name, false, nil)
	if err != nil {
		return err
	}
	return sqliteschema.CreateNamespaces(st.config, namespace)
}

func newTemporal(st *store, security *mutualTLS, ports map[string]int) (temporal.Server, error) {
	host := func(service string) static.Hosts {
		return static.SingleLocalHost(fmt.Sprintf("%s:%d", loopback, ports[service]))
	}
	return temporal.NewServer(
		temporal.WithConfig(configuration(st, ports)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(map[primitives.ServiceName]static.Hosts{
			primitives.FrontendService: host("frontend"), primitives.HistoryService: host("history"),
			primitives.MatchingService: host("matching"), primitives.WorkerService: host("worker"),
		}),
		temporal.WithLogger(log.NewZapLogger(log.BuildZapLogger(log.Config{Level: "error", Format: "json"}))),
		temporal.WithDynamicConfigClient(dynamic(st)),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()), // mTLS authorizes clients
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
		temporal.WithTLSConfigFactory(security),
	)
}

func configuration(st *store, ports map[string]int) *config.Config {
	frontend := fmt.Sprintf("%s:%d", loopback, ports["frontend"])
	c := &config.Config{
		Services: map[string]config.Service{},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10, MasterClusterName: "active", CurrentClusterName: "active",
			ClusterInformation: map[string]cluster.ClusterInformation{"active": {
				Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend, ClusterID: uuid.NewString(),
			}},
		},
		Persistence: config.Persistence{
			DefaultStore: "default", VisibilityStore: "visibility", NumHistoryShards: shards,
			DataStores: map[string]config.DataStore{"default": {SQL: st.config}, "visibility": {SQL: st.visibility}},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		PublicClient:        config.PublicClient{HostPort: frontend},
	}
	c.Global.Membership.MaxJoinDuration = 30 * time.Second
	c.Global.Membership.BroadcastAddress = loopback
	for _, name := range []string{"frontend", "history", "matching", "worker"} {
		c.Services[name] = config.Service{RPC: config.RPC{GRPCPort: ports[name], BindOnIP: loopback}}
	}
	c.Archival.History.State, c.Archival.Visibility.State = "disabled", "disabled"
	c.NamespaceDefaults.Archival.History.State, c.NamespaceDefaults.Archival.Visibility.State = "disabled", "disabled"
	return c
}

// dynamic raises limits that are meant for shared clusters: this server has one user.
func dynamic(st *store) dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// With the default of four partitions, a task often waits in one without pollers until it is forwarded.
		dynamicconfig.MakeKey("matching.numTaskqueueWritePartitions"): 1,
		dynamicconfig.MakeKey("matching.numTaskqueueReadPartitions"):  st.partitions,
		// A shard polls at most 20 times a second by default, which adds 45 ms to each step of a workflow with
		// short steps.
		dynamicconfig.MakeKey("history.transferProcessorMaxPollRPS"):   1000,
		dynamicconfig.MakeKey("history.timerProcessorMaxPollRPS"):      1000,
		dynamicconfig.MakeKey("history.visibilityProcessorMaxPollRPS"): 1000,

		// Schedules start 30 workflows a second by default: of a hundred plans that are due in the same minute,
		// the last would start after four seconds.
		dynamicconfig.SchedulerNamespaceStartWorkflowRPS.Key(): 1000,

		// A task on a thousand instances has a search attribute with all their ids, and their names in its
		// memo.
		dynamicconfig.SearchAttributesSizeOfValueLimit.Key(): 64 * 1024,
		dynamicconfig.SearchAttributesTotalSizeLimit.Key():   128 * 1024,
		dynamicconfig.MemoSizeLimitWarn.Key():                256 * 1024,

		dynamicconfig.MakeKey("system.forceSearchAttributesCacheRefreshOnRead"): true,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key():        1000,
		dynamicconfig.MakeKey("frontend.persistenceMaxQPS"):                     100000,
		dynamicconfig.MakeKey("history.persistenceMaxQPS"):                      450000,
		dynamicconfig.MakeKey("matching.persistenceMaxQPS"):                     100000,
		dynamicconfig.MakeKey("frontend.namespaceRPS"):                          100000,
		dynamicconfig.MakeKey("frontend.rps"):                                   100000,
	}
}

func portOf(address string) (int, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

func freePorts(names ...string) (map[string]int, error) {
	ports := map[string]int{}
	for _, name := range names {
		// All listeners stay open until the last port is found, so that no two are the same.
		l, err := net.Listen("tcp", loopback+":0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports[name] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

// serveWeb serves Temporal Web on a separate port, for clients with the supervisor's certificate.
func (s *server) serveWeb(spec Specification, frontend string, security *mutualTLS) (string, error) {
	handler, err := webHandler(spec, frontend)
	if err != nil {
		return "", err
	}
	address := spec.Web
	if address == "" {
		address = loopback + ":0"
	}
	listener, err := tls.Listen("tcp", address, security.server)
	if err != nil {
		return "", err
	}
	s.web = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.web.Serve(listener) }()
	return listener.Addr().String(), nil
}

func (s *server) stop() error {
	var err error
	if s.web != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if err = s.web.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
			err = s.web.Close()
		}
	}
	return errors.Join(err, s.temporal.Stop(), s.store.lock.Close())
}
