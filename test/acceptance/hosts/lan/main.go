// Command lan provides the network services of the acceptance hosts: a caching proxy for packages, which is their only
// route to the Internet, and OpenStack's metadata service, which maps a host's address to its server id.
//
//	lan apt -listen 10.77.0.1:3142 -dir CACHE -host the.mirror
//	lan metadata -listen 169.254.169.254:80 -dir SERVERS     (a file per address that holds the server's id)
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		log.Fatal("apt or metadata?")
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	listen := flags.String("listen", "", "address and port")
	dir := flags.String("dir", "", "the folder")
	host := flags.String("host", "", "the one upstream host that is allowed")
	if err := flags.Parse(os.Args[2:]); err != nil {
		log.Fatal(err)
	}
	var h http.Handler
	switch os.Args[1] {
	case "apt":
		h = &cache{dir: *dir, host: *host}
	case "metadata":
		h = metadata(*dir)
	default:
		log.Fatal("unknown command " + os.Args[1])
	}
	server := &http.Server{Addr: *listen, Handler: h, ReadHeaderTimeout: 10 * time.Second}
	fmt.Println(server.ListenAndServe())
	os.Exit(1)
}
