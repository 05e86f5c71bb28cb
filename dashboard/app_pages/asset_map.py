"""Map: where the assets are, and how they do. Drawn without the network."""

import streamlit as st

from dashboard import charts, queries, shell
from dashboard.formatting import status_word

context = shell.context()
view = context.view
shell.head("Map", context)

frame = queries.asset_states(context.con, view)
left, right = st.columns([2, 3], gap="medium")
with left:
    shell.chart(charts.asset_map(frame, context.theme), context, key="map", height=560,
                alt="The assets on an outline of Germany, by state")  # fmt: skip
    st.caption("Size: capacity. Measured: every quarter-hour of the day is. No contract: not ours on that day.")
    nowhere = int(frame[["latitude", "longitude"]].isna().any(axis=1).sum())
    if nowhere:
        st.caption(f"{nowhere} of {len(frame)} assets have no known place; they are in the table only.")
with right:
    st.caption(f"State on {view.last:%-d %B %Y}, the last of the days.")
    listed = frame.drop(columns=["latitude", "longitude", "state"])
    listed.insert(2, "state", frame["state"].map(status_word))
    shell.table(listed, context, key="states", name="assets", mart="marts.dim_assets", height=520)
