function r(){return document.hidden?Promise.resolve():new Promise(e=>requestAnimationFrame(()=>setTimeout(e)))}await r();await import("./home-start-3KWLRJNH.js");
