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

func (s *Server) notificationRoutes(api huma.API) {
	tags := []string{"Notifications"}
	handle(api, identity.Viewer, huma.Operation{OperationID: "listNotifications", Method: http.MethodGet, Path: "/notifications", Tags: tags,
		Summary: "List notification channels with their last delivery"}, s.listNotifications)
	handle(api, identity.Administrator, huma.Operation{OperationID: "testNotifications", Method: http.MethodPost, Path: "/notifications/test", Tags: tags,
		Summary: "Send a test notification to every channel", DefaultStatus: http.StatusAccepted,
		Errors: []int{http.StatusConflict}}, s.testNotifications)
}

// NotificationChannels lists the configured channels.
type NotificationChannels struct {
	Channels []notification.ChannelStatus `json:"channels" doc:"empty if notifications are not configured"`
}

func (s *Server) listNotifications(ctx context.Context, _ *struct{}) (*struct{ Body NotificationChannels }, error) {
	list, err := s.Notifications.Channels(ctx)
	for i := range list {
		if list[i].Last != nil {
			list[i].Last.Reason = list[i].Last.Reason.Localized(i18n.Language(ctx))
		}
	}
	return &struct{ Body NotificationChannels }{NotificationChannels{emptyIfNil(list)}}, err
}

func (s *Server) testNotifications(ctx context.Context, in *IdempotencyHeader) (*Accepted, error) {
	return s.start(ctx, *in, "notification.test", workflows.TestNotificationInput{}, nil, notification.TestTarget)
}
