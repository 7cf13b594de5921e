import { Button, Collapse, NumberInput, Select, Stack, TagsInput, Textarea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { PlanForm } from "./InfoStep.tsx";

const suggested = ["/data", "/config", "/etc", "/home", "/srv", "/var/lib"];

/** What only soft backups have: directories, and the rest under "More". */
export function SoftFields({ form }: { form: PlanForm }) {
  const { t } = useTranslation("backups");
  const { excludes, before, after, limit, engine } = form.values;
  const used = Boolean(excludes || before || after || limit || engine !== "restic");
  const [opened, more] = useDisclosure(used);
  const Glyph = opened ? IconChevronUp : IconChevronDown;
  return (
    <Stack gap="md">
      <TagsInput
        label={t("directories")}
        description={t("directoriesHelp")}
        data={suggested}
        {...form.getInputProps("directories")}
      />
      <div>
        <Button
          variant="subtle"
          size="xs"
          aria-expanded={opened}
          rightSection={<Glyph size={15} />}
          onClick={more.toggle}
        >
          {t("more")}
        </Button>
      </div>
      <Collapse expanded={opened}>
        <MoreFields form={form} />
      </Collapse>
    </Stack>
  );
}

function MoreFields({ form }: { form: PlanForm }) {
  const { t } = useTranslation("backups");
  return (
    <Stack gap="md">
      <Select
        label={t("engine")}
        description={t("engineHelp")}
        allowDeselect={false}
        data={["restic", "duplicity"]}
        {...form.getInputProps("engine")}
      />
      <Textarea
        label={t("excludes")}
        description={t("excludesHelp")}
        autosize
        minRows={2}
        {...form.getInputProps("excludes")}
      />
      <Textarea
        label={t("before")}
        description={t("beforeHelp")}
        autosize
        minRows={1}
        maxLength={4096}
        {...form.getInputProps("before")}
      />
      <Textarea
        label={t("after")}
        description={t("afterHelp")}
        autosize
        minRows={1}
        maxLength={4096}
        {...form.getInputProps("after")}
      />
      <Select
        label={t("onHookError")}
        allowDeselect={false}
        data={[
          { value: "fail", label: t("hookRule.fail") },
          { value: "warn", label: t("hookRule.warn") },
        ]}
        {...form.getInputProps("onHookError")}
      />
      <NumberInput
        label={t("limit")}
        description={t("limitHelp")}
        min={0}
        max={10_485_760}
        allowDecimal={false}
        {...form.getInputProps("limit")}
      />
    </Stack>
  );
}
