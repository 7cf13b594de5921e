package main

import (
	"errors"
	"net/url"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

func (o options) etcdURL() url.URL { return url.URL{Scheme: "unix", Path: o.path("etcd.sock")} }

// startEtcd starts a cluster of one on a socket file. It never talks to a peer: it advertises a URL and listens on none.
func startEtcd(o options) (*embed.Etcd, error) {
	peer := url.URL{Scheme: "http", Host: "127.0.0.1:2380"}
	c := embed.NewConfig()
	c.Dir = o.path("etcd")
	c.LogLevel = "warn"
	c.UnsafeNoFsync = true
	c.ListenClientUrls = []url.URL{o.etcdURL()}
	c.AdvertiseClientUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:2379"}} // never dialled, but must be host:port
	c.ListenPeerUrls = nil
	c.AdvertisePeerUrls = []url.URL{peer}
	c.InitialCluster = "default=" + peer.String()
	c.TickMs, c.ElectionMs = 10, 100
	e, err := embed.StartEtcd(c)
	if err != nil {
		return nil, err
	}
	select {
	case <-e.Server.ReadyNotify():
		return e, nil
	case <-time.After(time.Minute):
		e.Close()
		return nil, errors.New("not ready within a minute")
	}
}
