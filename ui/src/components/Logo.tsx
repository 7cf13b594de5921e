import { useId } from "react";

/** The product logo: a cloud with a gear. */
export function Logo({ size = 34 }: { size?: number }) {
  // Each logo needs its own gradient ID: a gradient defined in a hidden SVG does not render.
  const paint = useId();
  return (
    <svg viewBox="0 0 48 48" width={size} height={size} aria-hidden="true" focusable="false">
      <defs>
        <linearGradient id={paint} x1="0" y1="0" x2="0.4" y2="1">
          <stop offset="0" stopColor="#3aa3cf" />
          <stop offset="1" stopColor="#0b5878" />
        </linearGradient>
      </defs>
      <path
        fill={`url(#${paint})`}
        d="M37.6 18.6A13.4 13.4 0 0 0 11.7 15 10.8 10.8 0 0 0 12.8 36.6h23.4a9.1 9.1 0 0 0 1.4-18Z"
      />
      <g transform="translate(24.4 25.4)">
        {teeth.map((angle) => (
          <rect
            key={angle}
            x="-1.7"
            y="-9.6"
            width="3.4"
            height="5"
            rx="1"
            fill="#ffd9a8"
            transform={`rotate(${angle})`}
          />
        ))}
        <circle r="5.1" fill="none" stroke="#ffd9a8" strokeWidth="3.6" />
      </g>
    </svg>
  );
}

const teeth = [0, 45, 90, 135, 180, 225, 270, 315];
