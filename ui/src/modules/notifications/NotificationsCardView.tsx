import { Group, Text, Title } from "@mantine/core";
import {
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconMail,
  IconRefresh,
  IconSend,
  IconWebhook,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { NotificationChannel, NotificationDelivery } from "../../api/types.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { GuardedButton } from "../../components/Guarded.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import { Panel } from "../../components/Panel.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { StatusChip, type StatusStyle } from "../../components/StatusChip.tsx";
import classes from "./notifications.module.css";

interface Props {
  channels?: NotificationChannel[];
  error: unknown;
  onRetry: () => void;
  /** Why a test notification cannot be sent. */
  reason?: string;
  testing: boolean;
  onTest: () => void;
}

export function NotificationsCardView({ reason, testing, onTest, ...props }: Props) {
  const { t } = useTranslation("notifications");
  return (
    <Panel p="lg" mt="lg">
      <Group justify="space-between" align="flex-start" mb="sm">
        <div>
          <Title order={2} size="h3">
            {t("title")}
          </Title>
          <Text size="sm" c="dimmed" maw={620}>
            {t("intro")}
          </Text>
        </div>
        {props.channels && props.channels.length > 0 && (
          <GuardedButton
            variant="light"
            reason={reason}
            loading={testing}
            leftSection={<IconSend size={16} />}
            onClick={onTest}
          >
            {t("sendTest")}
          </GuardedButton>
        )}
      </Group>
      <Channels {...props} />
    </Panel>
  );
}

function Channels({ channels, error, onRetry }: Pick<Props, "channels" | "error" | "onRetry">) {
  const { t } = useTranslation("notifications");
  if (error && !channels) return <ErrorState error={error} onRetry={onRetry} />;
  if (!channels) return <LoadingRows rows={2} height={36} />;
  if (channels.length === 0) return <SetupHint />;
  return (
    <ul className={classes.list} aria-label={t("channels")}>
      {channels.map((channel) => (
        <Channel key={channel.id} channel={channel} />
      ))}
    </ul>
  );
}

const icons = { mail: IconMail, webhook: IconWebhook };

const deliveryStyles: Record<NotificationDelivery["status"], StatusStyle> = {
  delivered: { tone: "green", icon: IconCircleCheck },
  retrying: { tone: "yellow", icon: IconRefresh },
  failed: { tone: "red", icon: IconCircleX },
};
const notSentStyle: StatusStyle = { tone: "gray", icon: IconCircleDashed };

function Channel({ channel: { kind, address, last } }: { channel: NotificationChannel }) {
  const { t } = useTranslation("notifications");
  const Glyph = icons[kind];
  return (
    <li>
      <Glyph size={20} stroke={1.7} aria-hidden className={classes.icon} />
      <div className={classes.channel}>
        <Text size="sm" fw={600}>
          {t(`kind.${kind}`)}
        </Text>
        <Text size="sm" className="wrap">
          {address}
        </Text>
      </div>
      <div className={classes.last}>
        {last ? (
          <>
            <StatusChip
              statusStyle={deliveryStyles[last.status]}
              label={t(`status.${last.status}`)}
            />
            <Text size="xs" c="dimmed" className="wrap">
              {t(`about.${last.kind}`, { plan: last.plan_name })} ·{" "}
              <RelativeTime at={last.attempted_at} />
            </Text>
            {last.reason && (
              <Text size="xs" className="wrap">
                {last.reason}
              </Text>
            )}
          </>
        ) : (
          <StatusChip statusStyle={notSentStyle} label={t("notSent")} />
        )}
      </div>
    </li>
  );
}

/** Names of the manager's settings that enable notifications, as listed by `mcm --help`. */
const settings = {
  mail: ["notification-mail-to", "notification-mail-from", "smtp-address"],
  webhook: ["notification-webhook-urls", "notification-webhook-secret-file"],
} as const;

function SetupHint() {
  const { t } = useTranslation("notifications");
  return (
    <>
      <Text size="sm" mb="xs">
        {t("none")}
      </Text>
      <ul className={classes.list} aria-label={t("settings")}>
        {(["mail", "webhook"] as const).map((kind) => {
          const Glyph = icons[kind];
          return (
            <li key={kind}>
              <Glyph size={20} stroke={1.7} aria-hidden className={classes.icon} />
              <div className={classes.channel}>
                <Text size="sm" fw={600}>
                  {t(`kind.${kind}`)}
                </Text>
              </div>
              <div className={classes.settings}>
                {settings[kind].map((name) => (
                  <code key={name}>{name}</code>
                ))}
              </div>
            </li>
          );
        })}
      </ul>
    </>
  );
}
