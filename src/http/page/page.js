"use strict";

// Names come from devices, and are hostile until shown as text.
async function show() {
  const state = document.getElementById("state");
  try {
    const answer = await fetch("api/v1/overview");
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error);
    const items = body.devices.map((device) => {
      const item = document.createElement("li");
      item.textContent = `${device.name}: ${device.connections ?? "?"} connections`;
      return item;
    });
    document.getElementById("devices").replaceChildren(...items);
    state.textContent = `${items.length} devices`;
  } catch (error) {
    state.textContent = `No figures now: ${error.message}`;
  }
}

show();
setInterval(show, 10000);
