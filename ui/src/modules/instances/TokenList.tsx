import { Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { revokeToken, tokensQuery } from "../../api/queries/enrollment.ts";
import type { EnrollmentToken, Instance } from "../../api/types.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { notifyError } from "../tasks/notify.tsx";
import classes from "./instances.module.css";
import { TokenChip } from "./StatusChips.tsx";

interface Props {
  instances: Instance[];
  /** ID of the token that was just created. */
  newest?: string;
}

const initialCount = 5;

/** Lists the tokens with status, remaining uses and expiry. */
export function TokenList({ instances, newest }: Props) {
  const { t } = useTranslation(["instances", "common"]);
  const { data, error, refetch } = useQuery(tokensQuery);
  const [all, setAll] = useState(false);
  const tokens = data?.items ?? [];
  return (
    <Stack gap="xs">
      <Title order={3} size="h5">
        {t("tokens")}
      </Title>
      {error && !data && <ErrorState error={error} onRetry={() => refetch()} />}
      {!error && !data && <Skeleton height={64} />}
      {data && tokens.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("noTokens")}
        </Text>
      )}
      {tokens.length > 0 && (
        <ul className={classes.tokens} aria-label={t("tokens")}>
          {tokens.slice(0, all ? undefined : initialCount).map((token) => (
            <TokenRow
              key={token.id}
              token={token}
              isNew={token.id === newest}
              bound={instances.find((i) => i.id === token.instance_id)?.name}
            />
          ))}
        </ul>
      )}
      {!all && tokens.length > initialCount && (
        <Group>
          <Button size="xs" variant="default" onClick={() => setAll(true)}>
            {t("common:loadMore")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

interface RowProps {
  token: EnrollmentToken;
  bound?: string;
  isNew: boolean;
}

function TokenRow({ token, bound, isNew }: RowProps) {
  const { t } = useTranslation("instances");
  const active = token.status === "active";
  const name = token.label || token.id;
  return (
    <li data-new={isNew}>
      <Stack gap={2} miw={0} flex="1 1 16rem">
        <Group gap="xs">
          <Text span size="sm" fw={600} className="wrap">
            {name}
          </Text>
          <TokenChip status={token.status} />
        </Group>
        <Text size="xs" c="dimmed">
          {active ? (
            <>
              {t("usesLeft", { left: token.uses_left, max: token.max_uses })} · {t("expiresInline")}{" "}
              <RelativeTime at={token.expires_at} />
            </>
          ) : (
            t("usesCount", { used: token.uses.length, max: token.max_uses })
          )}
          {" · "}
          {t("createdBy", { name: token.created_by.name })} <RelativeTime at={token.created_at} />
          {bound && ` · ${t("onlyFor", { instance: bound })}`}
        </Text>
      </Stack>
      {active && <Revoke id={token.id} name={name} />}
    </li>
  );
}

/** Confirms inline: a second dialog would hide the token list. */
function Revoke({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation(["instances", "common"]);
  const client = useQueryClient();
  const [confirming, setConfirming] = useState(false);
  const revoke = useMutation({
    mutationFn: () => revokeToken(id),
    onError: notifyError,
    onSettled: () => client.invalidateQueries({ queryKey: ["enrollment-tokens"] }),
  });
  if (!confirming) {
    return (
      <Button
        size="xs"
        variant="default"
        aria-label={t("revokeToken", { name })}
        onClick={() => setConfirming(true)}
      >
        {t("revoke")}
      </Button>
    );
  }
  return (
    <Group gap="xs" role="group" aria-label={t("revokeToken", { name })}>
      <Text size="xs">{t("revokeText")}</Text>
      <Button size="xs" variant="default" onClick={() => setConfirming(false)}>
        {t("common:cancel")}
      </Button>
      <Button
        size="xs"
        color="red"
        autoFocus
        loading={revoke.isPending}
        onClick={() => revoke.mutate()}
      >
        {t("revoke")}
      </Button>
    </Group>
  );
}
