import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** Primary color: petrol blue. */
const lagoon: MantineColorsTuple = [
  "#eaf5fa",
  "#d2e8f2",
  "#a6d2e6",
  "#76bad8",
  "#4ea6cc",
  "#2f95c0",
  "#177aa3",
  "#0f6b93",
  "#0b5878",
  "#07435c",
];

/** Accent orange for the logo and the sandbox badge. */
const ember: MantineColorsTuple = [
  "#fff3e5",
  "#ffe3c4",
  "#fdc78c",
  "#faa952",
  "#f58f26",
  "#e57c12",
  "#c96807",
  "#9f5104",
  "#7f4003",
  "#5e2f02",
];

/** Red with a 4.5:1 contrast to white text in the shades used by buttons. */
const red: MantineColorsTuple = [
  "#fdeeee",
  "#fadada",
  "#f4b4b4",
  "#ee8d8d",
  "#e66a6a",
  "#da4a4a",
  "#c93333",
  "#b82626",
  "#9a1c1c",
  "#7d1414",
];

/** Dark surfaces tinted with the primary blue. */
const dark: MantineColorsTuple = [
  "#d5dee7",
  "#b4c1ce",
  "#93a3b3",
  "#5f7183",
  "#3b4b5b",
  "#2b3846",
  "#1f2a36",
  "#16202a",
  "#101820",
  "#0a1016",
];

const gray: MantineColorsTuple = [
  "#f7f9fb",
  "#f0f3f6",
  "#e4e9ee",
  "#d6dde4",
  "#c3ccd5",
  "#9aa7b4",
  "#74828f",
  "#52606d",
  "#35424e",
  "#1a2530",
];

const sans = '"Hanken Grotesk", system-ui, -apple-system, "Segoe UI", sans-serif';

export const theme = createTheme({
  colors: { lagoon, ember, red, dark, gray },
  primaryColor: "lagoon",
  primaryShade: { light: 7, dark: 6 },
  black: "#1a2530",
  autoContrast: true,
  luminanceThreshold: 0.34,
  defaultRadius: "md",
  cursorType: "pointer",
  fontFamily: sans,
  fontFamilyMonospace: '"JetBrains Mono", ui-monospace, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: "0.78rem", sm: "0.875rem", md: "0.9375rem", lg: "1.0625rem", xl: "1.25rem" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.55", lg: "1.6", xl: "1.65" },
  headings: {
    fontFamily: sans,
    fontWeight: "650",
    sizes: {
      h1: { fontSize: "1.75rem", lineHeight: "1.25" },
      h2: { fontSize: "1.25rem", lineHeight: "1.35" },
      h3: { fontSize: "1.0625rem", lineHeight: "1.4" },
    },
  },
  components: {
    Tooltip: { defaultProps: { withArrow: true, openDelay: 200, multiline: true, maw: 320 } },
    Modal: {
      defaultProps: {
        centered: true,
        radius: "lg",
        padding: "lg",
        overlayProps: { backgroundOpacity: 0.4, blur: 2 },
      },
      styles: {
        content: { background: "var(--mcm-surface)" },
        header: { background: "var(--mcm-surface)" },
        title: { fontSize: "1.125rem", fontWeight: 650 },
      },
    },
    Notification: {
      styles: {
        root: { background: "var(--mcm-surface)" },
        description: { color: "var(--mantine-color-text)" },
      },
    },
    Drawer: { defaultProps: { overlayProps: { backgroundOpacity: 0.35, blur: 2 } } },
  },
});

const statusColors = ["green", "yellow", "red", "blue", "gray", "lagoon", "orange", "ember"];
const lightText = (text: (color: string) => string) =>
  Object.fromEntries(statusColors.map((c) => [`--mantine-color-${c}-light-color`, text(c)]));

/** Background of alerts and light buttons: the color mixed lightly into the surface. */
const lightGround = (share: number) =>
  Object.fromEntries(
    ["green", "yellow", "red", "blue", "lagoon"].map((c) => [
      `--mantine-color-${c}-light`,
      `color-mix(in srgb, var(--mantine-color-${c}-5) ${share}%, var(--mcm-surface))`,
    ]),
  );

/**
 * Mantine's default dimmed, error, placeholder and "light" variant colors do not reach the 4.5:1
 * contrast of WCAG AA; they are darkened in the light theme and lightened in the dark theme.
 */
export const resolver: CSSVariablesResolver = () => ({
  variables: { "--mcm-ease": "cubic-bezier(0.2, 0.7, 0.2, 1)" },
  light: {
    "--mantine-color-body": "#f5f7f9",
    "--mantine-color-default-border": "#dbe2e8",
    "--mcm-surface": "#ffffff",
    "--mcm-sunken": "#eef2f5",
    "--mcm-line": "#e1e7ec",
    "--mcm-shadow": "0 1px 2px rgb(20 40 60 / 5%), 0 6px 20px rgb(20 40 60 / 5%)",
    "--mcm-green": "#1c8a4b",
    "--mcm-yellow": "#d99a06",
    "--mcm-red": "#cf3a3a",
    "--mcm-blue": "#1c7fb8",
    "--mcm-gray": "#8a97a4",
    "--mantine-color-dimmed": "var(--mantine-color-gray-7)",
    "--mantine-color-error": "#b42323",
    "--mantine-color-placeholder": "#66737f",
    ...lightGround(13),
    ...lightText((c) => `color-mix(in srgb, var(--mantine-color-${c}-9) 70%, black)`),
  },
  dark: {
    "--mantine-color-body": "#0d141b",
    "--mantine-color-default-border": "#2b3846",
    "--mantine-color-anchor": "var(--mantine-color-lagoon-3)",
    "--mcm-surface": "#141d26",
    "--mcm-sunken": "#101820",
    "--mcm-line": "#243140",
    "--mcm-shadow": "0 1px 2px rgb(0 0 0 / 40%), 0 8px 24px rgb(0 0 0 / 25%)",
    "--mcm-green": "#3fbf78",
    "--mcm-yellow": "#f0b93a",
    "--mcm-red": "#f07070",
    "--mcm-blue": "#4ea6cc",
    "--mcm-gray": "#7b8b9a",
    "--mantine-color-dimmed": "var(--mantine-color-dark-1)",
    "--mantine-color-error": "#ff8f8f",
    "--mantine-color-placeholder": "var(--mantine-color-dark-2)",
    ...lightGround(17),
    ...lightText((c) => `var(--mantine-color-${c}-2)`),
  },
});
