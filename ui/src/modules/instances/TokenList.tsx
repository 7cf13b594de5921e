import { Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { revokeToken, tokensQuery } from "../../api/queries/enrollment.ts";
import type { EnrollmentToken, Instance } from "../../api/types.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { notifyError } from "../tasks/notify.tsx";
import { TokenChip } from "./chips.tsx";
import classes from "./instances.module.css";

interface Props {
  instances: Instance[];
  /** The token that was made just now. */
  newest?: string;
}

const shownAtFirst = 5;

/** The tokens there are: which are still good, for how much, and until when. */
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
          {tokens.slice(0, all ? undefined : shownAtFirst).map((token) => (
            <TokenRow
              key={token.id}
              token={token}
              fresh={token.id === newest}
              bound={instances.find((i) => i.id === token.instance_id)?.name}
            />
          ))}
        </ul>
      )}
      {!all && tokens.length > shownAtFirst && (
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
  fresh: boolean;
}

function TokenRow({ token, bound, fresh }: RowProps) {
  const { t } = useTranslation("instances");
  const active = token.status === "active";
  const name = token.label || token.id;
  return (
    <li data-fresh={fresh}>
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
              {t("usesLeft", { left: token.uses_left, max: token.max_uses })} · {t("stillGood")}{" "}
              <RelativeTime at={token.expires_at} />
            </>
          ) : (
            t("usesMade", { made: token.uses.length, max: token.max_uses })
          )}
          {" · "}
          {t("madeBy", { name: token.created_by.name })} <RelativeTime at={token.created_at} />
          {bound && ` · ${t("onlyFor", { instance: bound })}`}
        </Text>
      </Stack>
      {active && <Revoke id={token.id} name={name} />}
    </li>
  );
}

/** Asked once more in place: a dialog over the dialog would hide what it is about. */
function Revoke({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation(["instances", "common"]);
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const revoke = useMutation({
    mutationFn: () => revokeToken(id),
    onError: notifyError,
    onSettled: () => client.invalidateQueries({ queryKey: ["enrollment-tokens"] }),
  });
  if (!asking) {
    return (
      <Button
        size="xs"
        variant="default"
        aria-label={t("revokeToken", { name })}
        onClick={() => setAsking(true)}
      >
        {t("revoke")}
      </Button>
    );
  }
  return (
    <Group gap="xs" role="group" aria-label={t("revokeToken", { name })}>
      <Text size="xs">{t("revokeQuestion")}</Text>
      <Button size="xs" variant="default" onClick={() => setAsking(false)}>
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
