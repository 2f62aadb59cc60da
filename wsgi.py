from webkit.house import create

application = create()
