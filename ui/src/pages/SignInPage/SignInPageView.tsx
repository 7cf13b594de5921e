import { Alert, Skeleton, Stack, Tabs, Text, Title } from "@mantine/core";
import { IconClockExclamation } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Info, SignIn } from "../../api/types.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { Logo } from "../../components/Logo.tsx";
import { Preferences } from "../../modules/shell/Preferences.tsx";
import { SandboxBadge } from "../../modules/shell/SandboxBadge.tsx";
import { CredentialForm, PasswordForm } from "./forms.tsx";
import type { Remembered } from "./remember.ts";
import { SandboxLogins } from "./SandboxLogins.tsx";
import classes from "./SignInPage.module.css";

export interface SignInPageViewProps {
  info?: Info;
  ready: boolean;
  expired: boolean;
  remembered: Remembered;
  error: unknown;
  busy: boolean;
  onSubmit: (body: SignIn) => void;
}

export function SignInPageView(props: SignInPageViewProps) {
  const { t } = useTranslation("signin");
  return (
    <div className={classes.page}>
      <title>{`${t("title")} · MyCloudManager`}</title>
      <main className={classes.card}>
        <Stack align="center" gap={4} mb="lg">
          <Logo size={56} />
          <Text className={classes.name}>
            MyCloud<b>Manager</b>
          </Text>
          <Text c="dimmed" ta="center" size="sm">
            {t("tagline")}
          </Text>
          <SandboxBadge />
        </Stack>
        <Title order={1} size="h2" mb="sm">
          {t("title")}
        </Title>
        {props.expired && (
          <Alert mb="md" color="yellow" icon={<IconClockExclamation />} title={t("expired")}>
            {t("expiredText")}
          </Alert>
        )}
        {props.ready ? <Forms {...props} /> : <Skeleton height={320} />}
      </main>
      <div className={classes.preferences}>
        <Preferences />
      </div>
    </div>
  );
}

function Forms(props: SignInPageViewProps) {
  const { t } = useTranslation("signin");
  return (
    <>
      <Tabs defaultValue="password" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="password">{t("byPassword")}</Tabs.Tab>
          <Tabs.Tab value="credential">{t("byCredential")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="password">
          <PasswordForm {...props} />
        </Tabs.Panel>
        <Tabs.Panel value="credential">
          <CredentialForm {...props} />
        </Tabs.Panel>
      </Tabs>
      {props.error ? (
        <Stack mt="md">
          <ErrorState error={props.error} />
        </Stack>
      ) : null}
      {props.info?.sign_in_hint && props.info.sign_in_hint.length > 0 && (
        <SandboxLogins
          hints={props.info.sign_in_hint}
          busy={props.busy}
          onChoose={({ username, password }) =>
            props.onSubmit({ username, password, ...props.info?.defaults })
          }
        />
      )}
    </>
  );
}
