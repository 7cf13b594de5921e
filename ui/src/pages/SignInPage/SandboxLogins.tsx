import { Button, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Info } from "../../api/types.ts";
import classes from "./SignInPage.module.css";

type Hint = NonNullable<Info["sign_in_hint"]>[number];

interface Props {
  hints: Hint[];
  busy: boolean;
  onChoose: (hint: Hint) => void;
}

/** Logins of the simulated cloud, one button each. */
export function SandboxLogins({ hints, busy, onChoose }: Props) {
  const { t } = useTranslation(["signin", "common"]);
  return (
    <section className={classes.hints} aria-label={t("hintTitle")}>
      <Text size="sm" fw={600}>
        {t("hintTitle")}
      </Text>
      <Text size="xs" c="dimmed" mb="xs">
        {t("hintText")}
      </Text>
      <Stack gap={6}>
        {hints.map((hint) => (
          <Button
            key={hint.username}
            variant="default"
            size="xs"
            disabled={busy}
            justify="space-between"
            rightSection={
              <span className={classes.role}>{t(`common:role.${roleOf(hint.role)}`)}</span>
            }
            onClick={() => onChoose(hint)}
          >
            {hint.username} / {hint.password}
          </Button>
        ))}
      </Stack>
    </section>
  );
}

const keystoneRoles = { admin: "administrator", member: "operator", reader: "viewer" } as const;
const roles = ["viewer", "operator", "administrator"] as const;

/** Maps the role of a hint, which may be Keystone's or the product's name. */
const roleOf = (role: string) =>
  keystoneRoles[role as keyof typeof keystoneRoles] ?? roles.find((r) => r === role) ?? "viewer";
