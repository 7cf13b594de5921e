import { Button, Group, TextInput } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { IconFilter, IconFilterOff } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./FilterBar.module.css";

/** A row of filters with a button that clears them; collapsed on narrow screens. */
export function FilterBar({ children, onClear }: { children: ReactNode; onClear?: () => void }) {
  const { t } = useTranslation("common");
  const [opened, panel] = useDisclosure(Boolean(onClear));
  return (
    <Group gap="sm" mb="md" align="flex-end" role="search">
      <Button
        hiddenFrom="sm"
        variant="default"
        size="xs"
        leftSection={<IconFilter size={16} />}
        aria-expanded={opened}
        onClick={panel.toggle}
      >
        {t("filters")}
      </Button>
      <div className={classes.fields} data-opened={opened}>
        {children}
      </div>
      {onClear && (
        <Button
          variant="subtle"
          color="gray"
          size="sm"
          leftSection={<IconFilterOff size={16} />}
          onClick={onClear}
        >
          {t("clearFilters")}
        </Button>
      )}
    </Group>
  );
}

interface TextFilterProps {
  label: string;
  value?: string;
  onChange: (value: string | undefined) => void;
  width?: number;
}

/** A debounced text filter. */
export function TextFilter({ label, value, onChange, width = 170 }: TextFilterProps) {
  const [draft, setDraft] = useState(value ?? "");
  const [lastValue, setLastValue] = useState(value);
  const [emitted, setEmitted] = useState(value);
  const apply = useDebouncedCallback((text: string | undefined) => {
    setEmitted(text);
    onChange(text);
  }, 350);
  // A value changed from outside (cleared, or a new URL) replaces the text typed here.
  if (value !== lastValue) {
    setLastValue(value);
    if (value !== emitted) {
      setEmitted(value);
      setDraft(value ?? "");
    }
  }
  return (
    <TextInput
      label={label}
      w={width}
      value={draft}
      onChange={(event) => {
        setDraft(event.currentTarget.value);
        apply(event.currentTarget.value.trim() || undefined);
      }}
    />
  );
}

interface DayFilterProps {
  label: string;
  /** An instant (RFC 3339); the field shows its day in the browser's time zone. */
  value?: string;
  /** Whether the filter uses the first or the last instant of the selected day. */
  edge: "start" | "end";
  onChange: (value: string | undefined) => void;
}

/** A date filter in the browser's time zone that emits an instant. */
export function DayFilter({ label, value, edge, onChange }: DayFilterProps) {
  return (
    <TextInput
      type="date"
      label={label}
      w={150}
      value={value ? localDay(value) : ""}
      onChange={(event) => onChange(dayEdge(event.currentTarget.value, edge))}
    />
  );
}

function localDay(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  const pad = (n: number) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

function dayEdge(day: string, edge: "start" | "end"): string | undefined {
  if (!day) return undefined;
  const date = new Date(`${day}T${edge === "start" ? "00:00:00" : "23:59:59"}`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
