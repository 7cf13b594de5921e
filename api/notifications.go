package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/workflows"
)

func (s *Server) noticeRoutes(api huma.API) {
	tags := []string{"Notices"}
	handle(api, identity.Viewer, huma.Operation{OperationID: "listNotices", Method: http.MethodGet, Path: "/notices", Tags: tags,
		Summary: "Where notices of backup plans go, and what became of the last of each"}, s.listNotices)
	handle(api, identity.Administrator, huma.Operation{OperationID: "testNotices", Method: http.MethodPost, Path: "/notices/test", Tags: tags,
		Summary: "Send a test to every channel", DefaultStatus: http.StatusAccepted, Errors: []int{http.StatusConflict}}, s.testNotices)
}

// NoticeChannels are the channels that are configured.
type NoticeChannels struct {
	Channels []notification.Recipient `json:"channels" doc:"none: notices are not configured"`
}

func (s *Server) listNotices(ctx context.Context, _ *struct{}) (*struct{ Body NoticeChannels }, error) {
	list, err := s.Notices.Channels(ctx)
	for i := range list {
		if list[i].Last != nil {
			list[i].Last.Why = i18n.Say(ctx, list[i].Last.Why)
		}
	}
	return &struct{ Body NoticeChannels }{NoticeChannels{orNone(list)}}, err
}

func (s *Server) testNotices(ctx context.Context, in *Once) (*Accepted, error) {
	return s.start(ctx, *in, "notice.test", workflows.TestNoticeInput{}, nil, notification.TestTarget)
}
