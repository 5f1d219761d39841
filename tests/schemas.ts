// Dashboards in JSON: an enumeration's values are texts there, and what a data source
// is asked is that one's own.
import type { Dashboard, DataQuery, Panel } from '@grafana/schema';

type Json<T> = T extends DataQuery
  ? Record<string, unknown>
  : T extends string
    ? `${T}`
    : T extends (infer Each)[]
      ? Json<Each>[]
      : T extends object
        ? { [Key in keyof T]: Json<T[Key]> }
        : T;

export type DashboardFile = Partial<Json<Dashboard>>;
export type PanelFile = Partial<Json<Panel>>;
