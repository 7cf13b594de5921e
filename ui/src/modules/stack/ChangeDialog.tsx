import { Button, NumberInput, Select, SimpleGrid, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { applyTask } from "../../api/live.ts";
import { changeStack, stackOptionsQuery } from "../../api/queries/stack.ts";
import type { StackChange, Stack as StackType } from "../../api/types.ts";
import { Changes } from "../../components/Changes.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { DialogFooter } from "../../components/DialogFooter.tsx";
import { notifyStarted } from "../tasks/notify.tsx";
import { choices } from "./spec.ts";

type Values = Required<StackChange>;
const counts = ["masters", "nodes"] as const;
const flavors = ["master_flavor", "node_flavor", "etcd_flavor"] as const;
const labels = {
  masters: "masters",
  nodes: "nodes",
  master_flavor: "masterFlavor",
  node_flavor: "nodeFlavor",
  etcd_flavor: "etcdFlavor",
} as const;

/** Changes counts and flavors of the stack and shows the changes before they are applied. */
export function ChangeDialog({ stack, onClose }: { stack: StackType; onClose: () => void }) {
  const { t } = useTranslation("stack");
  const options = useQuery(stackOptionsQuery);
  const client = useQueryClient();
  const before = currentValues(stack);
  const form = useForm<Values>({ initialValues: before });
  const change = changed(before, form.values);
  const update = useMutation({
    mutationFn: () => changeStack(change),
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
      onClose();
    },
  });
  const rows = Object.entries(change).map(([field, value]) => ({
    field: t(labels[field as keyof Values]),
    old: before[field as keyof Values],
    new: value,
  }));
  return (
    <Dialog onClose={onClose} size="lg" title={t("change")}>
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {counts.map((name) => (
            <NumberInput
              key={name}
              label={t(labels[name])}
              min={name === "masters" ? 1 : 0}
              max={name === "masters" ? 3 : 20}
              clampBehavior="strict"
              {...form.getInputProps(name)}
            />
          ))}
        </SimpleGrid>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {flavors.map((name) => (
            <Select
              key={name}
              label={t(labels[name])}
              data={options.data ? choices(options.data).flavor : []}
              allowDeselect={false}
              {...form.getInputProps(name)}
            />
          ))}
        </SimpleGrid>
        {rows.length > 0 && <Changes changes={rows} />}
        <DialogFooter error={update.error} onCancel={onClose}>
          <Button
            disabled={rows.length === 0}
            loading={update.isPending}
            onClick={() => update.mutate()}
          >
            {t("changeNow")}
          </Button>
        </DialogFooter>
      </Stack>
    </Dialog>
  );
}

/** Returns the current parameters; a parameter missing in the stack is derived from its servers. */
function currentValues({ parameters = {}, nodes = [] }: StackType): Values {
  const ofRole = (role: string) => nodes.filter((node) => node.role === role);
  const count = (name: string, role: string) => Number(parameters[name] ?? ofRole(role).length);
  const flavor = (name: string, role: string) =>
    String(parameters[name] ?? ofRole(role)[0]?.flavor ?? "");
  return {
    masters: count("masters", "master"),
    nodes: count("nodes", "node"),
    master_flavor: flavor("master_flavor", "master"),
    node_flavor: flavor("node_flavor", "node"),
    etcd_flavor: flavor("etcd_flavor", "etcd"),
  };
}

function changed(before: Values, after: Values): StackChange {
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => value !== before[name as keyof Values]),
  );
}
